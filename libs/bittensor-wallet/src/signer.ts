/** What signs for a hotkey. Where the key lies, a caller never learns. */
export interface Signer {
  /** ss58 address of the hotkey, format 42. */
  readonly address: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** sr25519 over exactly these bytes (context `substrate`), 64 bytes. Rejects with a coded error of fault `config`. */
  sign(message: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  /** Overwrites the key where it is held, and ends connections. */
  close(): Promise<void>;
}
