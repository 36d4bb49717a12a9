"use strict";
// What every page does: an address lands where it points, in a closed box too, and paper shows what is folded away.
var frame = (function () {
  function boxes(selector) { return Array.from(document.querySelectorAll(selector)); }

  function land() {
    var place = location.hash.slice(1).split("?")[0];
    var target = place && document.getElementById(place);
    var box = target && target.closest("details:not([open])");
    if (!box) return;
    for (; box; box = box.parentElement.closest("details")) box.open = true;
    target.scrollIntoView();
  }

  // The picture alone: with those statements that speak of its classes, in the colours of light paper.
  function standalone(svg) {
    var colours = {}, palette = document.querySelector("style").textContent.match(/:root\{([^}]*)\}/)[1];
    palette.split(";").forEach(function (pair) {
      var cut = pair.indexOf(":");
      if (cut > 0) colours[pair.slice(0, cut).trim()] = pair.slice(cut + 1);
    });
    var text = new XMLSerializer().serializeToString(svg);
    text = text.replace(/<title>[^<]*<\/title>(?=<\/(?:circle|path|rect)>)/g, "");
    var classes = new Set((text.match(/class="[^"]*"/g) || []).join(" ").replace(/class="|"/g, " ").split(/\s+/));
    function needed(line) {
      var frames = line.match(/^@keyframes ([\w-]+)/);
      if (frames) return classes.has(frames[1]);
      return line.replace(/@media[^{]*\{/, "").split("{")[0].split(",").some(function (one) {
        return (one.match(/\.[a-z][\w-]*/g) || []).every(function (name) { return classes.has(name.slice(1)); });
      });
    }
    var lines = document.querySelector("style.figures").textContent.split("\n").filter(Boolean);
    var rules = lines.filter(needed).join("").replace(/var\((--[\w-]+)\)/g, function (found, name) {
      return colours[name] || found;
    });
    return text.replace(">", function (end) { return end + "<style>" + rules + "</style>"; });
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
    var figure = button.closest("figure"), words = figure.querySelector(".one pre").textContent;
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

  // The citation of one thing of a page, from that of the page: title, key and address are its own.
  function forms(text) {
    var page = document.querySelector("#cite .cite").textContent, cut = text.indexOf(page);
    var title = text.slice(0, cut).trim().replace(/\.$/, ""), rest = text.slice(cut + page.length).trim();
    var place = rest.slice(0, rest.lastIndexOf(",")), key = "-" + place.slice(place.indexOf("#") + 1);
    function tex(words) { return words.replace(/([&%$#_{}])/g, "\\$1"); }
    var item = JSON.parse(document.querySelector("#cite .csl").textContent)[0];
    item.id += key;
    item["container-title"] = item.title;
    item.title = title;
    item.note = place + "; " + item.note;
    return {
      BibTeX: document.querySelector("#cite .bibtex").textContent
        .replace(/\{[^,]+/, function (start) { return start + key; })
        .replace(/( title *= \{\{)/, function (start) { return start + tex(title) + ". In: "; })
        .replace(/( note *= \{)/, function (start) { return start + tex(place) + "; "; }),
      "CSL-JSON": "[{\n" + Object.keys(item).sort().map(function (name) {
        return "  " + JSON.stringify(name) + ": " + JSON.stringify(item[name]);
      }).join(",\n") + "\n}]",
    };
  }

  function complete(box) {
    if (box.querySelector(".form")) return;
    var made = forms(box.querySelector("pre").textContent);
    Object.keys(made).forEach(function (name) {
      var form = document.createElement("pre");
      form.className = "form";
      form.tabIndex = 0;
      form.setAttribute("aria-label", name);
      form.textContent = made[name];
      box.append(form);
    });
  }

  if (typeof window === "undefined") return { forms: forms };

  boxes("details.one").forEach(function (box) {
    box.addEventListener("toggle", function () { if (box.open && !("printed" in box.dataset)) complete(box); });
  });

  boxes('figure.drawn a[download$=".svg"]').forEach(function (link) {
    var svg = standalone(link.closest("figure").querySelector("svg"));
    link.href = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
    link.hidden = false;
  });

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
  return { forms: forms };
})();

if (typeof module !== "undefined") module.exports = frame;
