"use strict";
// The lesson: the window that steps over the picture, and the shape explorer. `lesson` holds what needs no page,
// so that it can be held against the reference.
var lesson = (function () {
  // A number as it was typed: whole, or as Python writes a float; null for what is no number.
  function parse(text) {
    var typed = String(text).trim();
    var value = Number(typed);
    if (typed === "" || !Number.isFinite(value)) return null;
    if (/^[-+]?\d+$/.test(typed)) return Number.isSafeInteger(value) ? { value: value, whole: true } : null;
    return { value: value, whole: false, text: python(value) };
  }

  function python(value) {
    var size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
      return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
    }
    return (Object.is(value, -0) ? "-0" : String(value)) + (Number.isInteger(value) ? ".0" : "");
  }

  function refusal(name, number, known) {
    var rule = known.refusals[name];
    if (!number.whole) return rule.broken.replace("{value}", number.text);
    return number.value < rule.least ? rule.small.replace("{value}", String(number.value)) : "";
  }

  function padsForWord(word, size, reach, stride) {
    if (word === "valid") return [0, 0];
    if (word === "full") return [reach - 1, reach - 1];
    var positions = Math.ceil(size / stride);
    var total = Math.max(0, (positions - 1) * stride + reach - size);
    var smaller = Math.floor(total / 2);
    return word === "same_lower" ? [total - smaller, smaller] : [smaller, total - smaller];
  }

  // The sizes of one axis, or {error}. `given` has a parsed number for each field, `padding` is "numbers" or a word.
  function shape(given, padding, known) {
    var order = known.orders[padding === "numbers" ? "numbers" : "word"];
    for (var i = 0; i < order.length; i += 1) {
      var error = refusal(order[i], given[order[i]], known);
      if (error) return { error: error };
    }
    var size = given.size.value, kernel = given.kernel.value, stride = given.stride.value;
    var dilation = given.dilation.value;
    var reach = dilation * (kernel - 1) + 1;
    var pads = padding === "numbers" ? [given.before.value, given.after.value]
      : padsForWord(padding, size, reach, stride);
    var found = { size: size, kernel: kernel, stride: stride, dilation: dilation, before: pads[0], after: pads[1],
      reach: reach, padded: pads[0] + size + pads[1], positions: 0, left: 0, error: "" };
    if (reach > found.padded) {
      found.error = known.misfit.replace("{reach}", reach).replace("{padded}", found.padded);
      return found;
    }
    found.positions = Math.floor((found.padded - reach) / stride) + 1;
    found.left = (found.padded - reach) % stride;
    return found;
  }

  function counted(number, noun) { return number + " " + noun + (number === 1 ? "" : "s"); }

  function says(found) {
    if (found.error) return "ValueError: " + found.error;
    return "The kernel fits at " + counted(found.positions, "position") + "; " +
      (found.left ? counted(found.left, "sample") + (found.left === 1 ? " is" : " are") : "nothing is") +
      " left over.";
  }

  // The axis as SVG, the same characters as the page was made with; width and height come along.
  function axis(found, drawing) {
    var unit = drawing.unit, top = drawing.top, parts = [];
    var fits = found.reach <= found.padded, length = Math.max(found.padded, found.reach);
    if (length > drawing.cells) return { width: 0, height: 0, body: "" };
    var positions = fits ? found.positions : 0, read = new Set();
    for (var i = 0; i < positions; i += 1) {
      for (var p = 0; p < found.kernel; p += 1) read.add(i * found.stride + p * found.dilation);
    }
    var end = fits ? (positions - 1) * found.stride + found.reach : found.padded;
    for (var cell = 0; cell < found.padded; cell += 1) {
      var kind = cell < found.before || cell >= found.before + found.size ? "pad" : "cell";
      var text = kind === "pad" ? "" : String(cell - found.before), x = cell * unit + 1;
      var state = cell >= end ? " left" : read.has(cell) ? "" : " over";
      parts.push('<rect class="' + kind + state + '" x="' + x + '" y="' + top + '" width="' + unit +
        '" height="' + unit + '"/>');
      if (cell >= end) {
        parts.push('<path class="cross" d="M' + x + " " + top + "l" + unit + " " + unit + "m0 -" + unit + "l-" +
          unit + " " + unit + '"/>');
      }
      if (text) {
        parts.push('<text class="' + kind + state + '" x="' + (x + unit / 2) + '" y="' + (top + 16) + '">' + text +
          "</text>");
      }
    }
    if (fits && end < found.padded) {
      parts.push('<text class="idx" x="' + (end + found.padded) * unit / 2 + '" y="11">left over</text>');
    }
    var shown = fits ? Math.min(positions, drawing.rows) : 1;
    for (var index = 0; index < shown; index += 1) {
      parts.push(position(index, index * found.stride, found, drawing, fits ? "" : " misfit"));
    }
    var height = top + unit + 6 + shown * drawing.row;
    if (positions > shown) {
      parts.push('<text class="idx rest" x="4" y="' + (height + 9) + '">… and ' + (positions - shown) + " more</text>");
      height += drawing.row;
    }
    return { width: length * unit + 26, height: height + 2, body: parts.join("") };
  }

  function position(index, start, found, drawing, state) {
    var y = drawing.top + drawing.unit + 6 + index * drawing.row + 7;
    var first = start * drawing.unit + 1 + drawing.unit / 2, last = first + (found.reach - 1) * drawing.unit;
    var taps = "";
    for (var p = 0; p < found.kernel; p += 1) taps += "M" + (first + p * found.dilation * drawing.unit) + " " + y + "h0";
    var name = state ? "" : '<text class="idx" x="' + (last + 16) + '" y="' + (y + 4) + '">' + index + "</text>";
    return '<path class="reach' + state + '" d="M' + first + " " + y + "H" + last + '"/><path class="taps' + state +
      '" d="' + taps + '"/>' + name;
  }

  return { parse: parse, shape: shape, says: says, axis: axis };
})();

(function () {
  if (typeof document === "undefined") return;

  function minus(number) { return String(number).replace("-", "−"); }

  function all(root, selector) { return Array.from(root.querySelectorAll(selector)); }

  function stepper(box) {
    var steps = JSON.parse(box.dataset.steps), columns = Number(box.dataset.columns), now = 0;
    var svg = box.querySelector("svg"), controls = box.querySelector(".controls");
    var report = controls.querySelector("output"), list = box.querySelector(".all-steps");
    var window_ = svg.querySelector(".at-window"), current = svg.querySelector(".at-current");
    var texts = {};
    ["seen", "products", "sum"].forEach(function (name) { texts[name] = all(svg, ".at-" + name + " text"); });
    var made = all(svg, ".at-output text:not(.idx)"), frame = current.querySelector(".frame");
    var cover = document.createElementNS("http://www.w3.org/2000/svg", "path");
    cover.setAttribute("class", "cover");
    svg.querySelector(".at-output .net").before(cover);
    var canvas = box.querySelector(".canvas");

    function move(group, row, column) {
      group.setAttribute("transform", "translate(" + column * group.dataset.dx + " " + row * group.dataset.dy + ")");
    }

    function square(step) {
      var width = Number(frame.getAttribute("width")), height = Number(frame.getAttribute("height"));
      var x = Number(frame.getAttribute("x")) + step[1] * width, y = Number(frame.getAttribute("y")) + step[0] * height;
      return "M" + x + " " + y + "h" + width + "v" + height + "h-" + width + "z";
    }

    function show(index, aloud) {
      now = Math.max(0, Math.min(steps.length - 1, index));
      var step = steps[now];
      move(window_, step[0], step[1]);
      move(current, step[0], step[1]);
      step[2].forEach(function (value, i) { texts.seen[i].textContent = minus(value); });
      step[3].forEach(function (value, i) { texts.products[i].textContent = minus(value); });
      texts.sum[0].textContent = minus(step[4]);
      made.forEach(function (item, i) { item.classList.toggle("later", i > now); });
      cover.setAttribute("d", steps.slice(now + 1).map(square).join(""));
      if (aloud) {
        report.textContent = "Step " + (now + 1) + " of " + steps.length + ": row " + step[0] + ", column " + step[1] +
          " gives " + minus(step[4]) + ".";
      }
      controls.querySelector('[data-go="back"]').disabled = controls.querySelector('[data-go="first"]').disabled = now === 0;
      controls.querySelector('[data-go="next"]').disabled =
        controls.querySelector('[data-go="last"]').disabled = now === steps.length - 1;
    }

    var ways = {
      first: function () { return 0; }, back: function () { return now - 1; },
      next: function () { return now + 1; }, last: function () { return steps.length - 1; },
    };
    var keys = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -Infinity, End: Infinity };
    controls.addEventListener("click", function (event) {
      var button = event.target.closest("button");
      if (button) show(ways[button.dataset.go](), true);
      // A button that has just been switched off would lose the keyboard.
      if (button && button.disabled) canvas.focus();
    });
    box.addEventListener("keydown", function (event) {
      if (!(event.key in keys) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (event.target.closest(".all-steps")) return;
      event.preventDefault();
      show(now + keys[event.key], true);
    });
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "group");
    canvas.setAttribute("aria-label", "The steps, one at a time; arrow keys move the window");
    controls.hidden = false;
    list.open = false;
    report.textContent = steps.length + " steps";
    show(0, false);
  }

  function explorer(form) {
    var known = JSON.parse(form.dataset.knowledge), fields = Object.keys(known.refusals);
    var box = document.getElementById("explorer-answer");
    var canvas = box.querySelector(".canvas"), says = box.querySelector(".says"), formula = box.querySelector(".formula");
    var typed = {}, long = box.querySelector(".long");

    function state() {
      return fields.concat("padding").map(function (name) {
        return name + "=" + encodeURIComponent(form.elements[name].value);
      }).join("&");
    }

    function restore() {
      var cut = location.hash.indexOf("?");
      if (cut < 0 || location.hash.slice(1, cut) !== "shape-explorer") return;
      new URLSearchParams(location.hash.slice(cut + 1)).forEach(function (value, name) {
        if (fields.indexOf(name) >= 0 || name === "padding") form.elements[name].value = value;
      });
      if (!form.elements.padding.value) form.elements.padding.value = "numbers";
      show();
      document.getElementById("shape-explorer").scrollIntoView();
    }

    function show() {
      var padding = form.elements.padding.value, given = {}, missing = [];
      ["before", "after"].forEach(function (name) {
        var field = form.elements[name];
        if (padding !== "numbers" && !field.readOnly) typed[name] = field.value;
        if (padding === "numbers" && field.readOnly) field.value = typed[name];
        field.readOnly = padding !== "numbers";
      });
      fields.forEach(function (name) {
        given[name] = lesson.parse(form.elements[name].value);
        if (!given[name] && !form.elements[name].readOnly) missing.push(form.elements[name]);
      });
      formula.hidden = long.hidden = true;
      if (missing.length) {
        says.textContent = "A number is missing: " + missing[0].labels[0].textContent.trim() + ".";
        canvas.hidden = true;
        return;
      }
      var found = lesson.shape(given, padding, known);
      says.textContent = lesson.says(found);
      says.classList.toggle("refused", Boolean(found.error));
      canvas.hidden = !("padded" in found);
      if (canvas.hidden) return;
      ["before", "after"].forEach(function (name) {
        if (form.elements[name].readOnly) form.elements[name].value = found[name];
      });
      draw(found);
      all(formula, "mn[data-n]").forEach(function (number) { number.textContent = String(found[number.dataset.n]); });
      formula.hidden = Boolean(found.error);
    }

    function draw(found) {
      var drawn = lesson.axis(found, known.drawing), svg = canvas.querySelector("svg");
      svg.setAttribute("viewBox", "0 0 " + drawn.width + " " + drawn.height);
      svg.setAttribute("width", drawn.width);
      svg.setAttribute("height", drawn.height);
      all(svg, ":scope > :not(title):not(desc)").forEach(function (child) { child.remove(); });
      svg.insertAdjacentHTML("beforeend", drawn.body);
      canvas.hidden = !drawn.body && found.padded > 0;
      long.hidden = !canvas.hidden;
    }

    form.addEventListener("input", function () {
      show();
      history.replaceState(null, "", "#shape-explorer?" + state());
    });
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("reset", function () {
      form.elements.before.readOnly = form.elements.after.readOnly = false;
      // The fields have their first values only after this event.
      setTimeout(show, 0);
      history.replaceState(null, "", "#shape-explorer");
    });
    window.addEventListener("hashchange", restore);
    form.hidden = false;
    show();
    restore();
  }

  all(document, ".stepper").forEach(stepper);
  var form = document.getElementById("explorer");
  if (form) explorer(form);
})();

if (typeof module !== "undefined") module.exports = lesson;
