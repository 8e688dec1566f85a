// Unpacks what a page in one file carries deflated: its data, the library that draws, and what draws with it.
"use strict";
(async () => {
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

  // Base 85 as Python's base64.b85encode writes it: five digits are four bytes, the first are the highest.
  function bytesOf(text) {
    const missing = (5 - (text.length % 5)) % 5, values = new Uint8Array(128);
    [...DIGITS].forEach((digit, value) => { values[digit.charCodeAt(0)] = value; });
    const padded = text + "~".repeat(missing);
    const view = new DataView(new ArrayBuffer((padded.length / 5) * 4));
    for (let at = 0; at < padded.length; at += 5) {
      let group = 0;
      for (let n = 0; n < 5; n++) group = group * 85 + values[padded.charCodeAt(at + n)];
      view.setUint32((at / 5) * 4, group);
    }
    return new Uint8Array(view.buffer, 0, view.byteLength - missing);
  }

  const unpack = (node) => new Response(new Blob([bytesOf(node.textContent)]).stream().pipeThrough(new DecompressionStream("deflate"))).text();

  if (!("DecompressionStream" in window)) {
    document.getElementById("too-old").hidden = false;
    return;
  }
  for (const packed of document.querySelectorAll("script[data-packed]")) {
    const script = document.createElement("script");
    script.textContent = await unpack(packed);
    if (packed.id) {
      script.type = "application/json";
      script.id = packed.id;
    }
    packed.replaceWith(script);
  }
})();
