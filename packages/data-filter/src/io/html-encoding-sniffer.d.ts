declare module 'html-encoding-sniffer' {
  /** The WHATWG name of the encoding, by byte order mark, label and meta element; the default where none is found. */
  export default function htmlEncodingSniffer<Default extends string | null = 'windows-1252'>(
    bytes: Uint8Array,
    options?: { readonly transportLayerEncodingLabel?: string; readonly defaultEncoding?: Default },
  ): string | Default
}
