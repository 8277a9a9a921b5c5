/** A header block, in memory that is used again. */
export class HeaderBlock {
  bytes = Buffer.allocUnsafeSlow(1024);
  length = 0;

  push(byte: number): void {
    this.#makeRoom(1);
    this.bytes[this.length] = byte;
    this.length += 1;
  }

  add(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Of ASCII. */
  addText(text: string): void {
    this.#makeRoom(text.length);
    this.length += this.bytes.write(text, this.length, 'latin1');
  }

  #makeRoom(more: number): void {
    const { bytes, length } = this;
    if (length + more <= bytes.length) return;
    this.bytes = Buffer.allocUnsafeSlow(2 * (length + more));
    this.bytes.set(bytes);
  }
}
