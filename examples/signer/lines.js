/** Longest line that a validator sends, its end not counted. */
const MAX_LINE_BYTES = 256 * 1024;

/** Cuts what a socket receives into lines, and ends a connection that sends a longer one. */
export function linesOf(socket, onLine) {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      if (end <= MAX_LINE_BYTES) onLine(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > MAX_LINE_BYTES) socket.destroy();
  });
}
