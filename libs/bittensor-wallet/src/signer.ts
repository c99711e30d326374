/** Signs for one hotkey. A caller never learns where the key lies. */
export interface Signer {
  /** ss58 address of the hotkey, format 42. */
  readonly address: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /**
   * sr25519 over exactly these bytes (context `substrate`), 64 bytes. Rejects with a coded error: fault `config`, or
   * `validator` where a later try may succeed.
   * @param purpose what the signature is for, in a few words that a person reads; an external signer may decide by it
   */
  sign(message: Uint8Array, signal: AbortSignal, purpose?: string): Promise<Uint8Array>;
  /** Overwrites the key where it is held, and ends threads and connections. */
  close(): Promise<void>;
}
