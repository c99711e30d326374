/** Longest line that a validator sends, its end not counted. */
const MAX_LINE_BYTES = 256 * 1024;

/**
 * Cuts what a socket receives into lines, and ends a connection that sends a longer one. The next line comes after the
 * promise of the one before it has settled, and nothing more is read meanwhile: what waits stays with the sender.
 */
export async function linesOf(socket, onLine) {
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
        if (end > MAX_LINE_BYTES) return;
        await onLine(rest.toString('utf8', 0, end));
        rest = rest.subarray(end + 1);
      }
      if (rest.length > MAX_LINE_BYTES) return;
    }
  } catch {
    // The connection has failed, which its listener reports.
  } finally {
    socket.destroy();
  }
}
