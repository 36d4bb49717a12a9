"use strict";
// What every page does: an address lands where it points, in a closed box too, and paper shows what is folded away.
(function () {
  function boxes(selector) { return Array.from(document.querySelectorAll(selector)); }

  function land() {
    var place = location.hash.slice(1).split("?")[0];
    var target = place && document.getElementById(place);
    var box = target && target.closest("details:not([open])");
    if (!box) return;
    for (; box; box = box.parentElement.closest("details")) box.open = true;
    target.scrollIntoView();
  }

  // A figure for a lecture: the picture, its caption and where it is from, as one thing to paste.
  function picture(svg, then) {
    var image = new Image();
    image.onload = function () {
      var canvas = document.createElement("canvas"), scale = 3;
      canvas.width = image.naturalWidth * scale;
      canvas.height = image.naturalHeight * scale;
      var brush = canvas.getContext("2d");
      brush.fillStyle = "#fff";
      brush.fillRect(0, 0, canvas.width, canvas.height);
      brush.drawImage(image, 0, 0, canvas.width, canvas.height);
      then(canvas.toDataURL("image/png"));
    };
    image.src = svg;
  }

  function copy(button) {
    var figure = button.closest("figure"), words = button.dataset.credit;
    picture(figure.querySelector('a[download$=".svg"]').href, function (source) {
      var whole = document.createElement("figure"), image = new Image(), caption = document.createElement("figcaption");
      image.src = source;
      caption.textContent = words;
      whole.append(image, caption);
      navigator.clipboard.write([new ClipboardItem({
        "text/html": new Blob([whole.outerHTML], { type: "text/html" }),
        "text/plain": new Blob([words], { type: "text/plain" }),
      })]).then(function () { button.textContent = "copied"; }, function () { button.textContent = "not allowed here"; });
    });
  }

  if (navigator.clipboard && window.ClipboardItem) {
    boxes(".copy").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () { copy(button); });
    });
  }

  window.addEventListener("hashchange", land);
  window.addEventListener("beforeprint", function () {
    boxes("details:not([open])").forEach(function (box) { box.open = true; box.dataset.printed = ""; });
  });
  window.addEventListener("afterprint", function () {
    boxes("details[data-printed]").forEach(function (box) { box.open = false; delete box.dataset.printed; });
  });
  land();
})();
