/** Binary messages, for whoever has bytes to send: `connect(url, { codecs: [msgpack] })`. */
export { msgpack } from "@trunkline/transport"
