// The time zones that this browser knows, its own first, for the fields that take one.
"use strict";
(() => {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const zone of new Set([own, ...(Intl.supportedValuesOf?.("timeZone") ?? [])])) {
    const option = document.createElement("option");
    option.value = zone;
    document.getElementById("zones")?.append(option);
  }
})();
