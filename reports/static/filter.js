"use strict";
// Filters by family, adapter, outcome and dtype. The state is in the address, as #?family=PAD&outcome=failed, or behind
// the name of a place, as #PAD-04?family=PAD; a plain #PAD-04 clears whatever would hide that place.
// A dtype keeps the outcomes that speak of it: a failure by the dtype of its case, others by what was tried.
(function () {
  var form = document.getElementById("filters");
  if (!form) return;
  var names = ["family", "adapter", "outcome", "dtype"];
  var all = function (selector, root) { return Array.from((root || document).querySelectorAll(selector)); };
  var sections = all("section.requirement");
  var rows = new Map(all("tr[data-r]").map(function (row) { return [row.dataset.r, row]; }));
  var report = form.querySelector("output");
  var types = Array.from(form.elements.dtype.options).slice(1).map(function (option) { return option.value; });

  function read() {
    var text = decodeURI(location.hash.slice(1));
    var cut = text.indexOf("?");
    var state = new URLSearchParams(cut < 0 ? "" : text.slice(cut + 1));
    return { place: cut < 0 ? text : text.slice(0, cut), filtered: cut >= 0, state: state };
  }

  function chosen(state) {
    var wanted = {};
    names.forEach(function (name) {
      var field = form.elements[name];
      var value = state.get(name) || "";
      var known = Array.from(field.options).some(function (option) { return option.value === value; });
      wanted[name] = field.value = known ? value : "";
    });
    return wanted;
  }

  function show(element, visible) { if (element) element.classList.toggle("out", !visible); }

  function fits(element, wanted) {
    return (!wanted.adapter || element.dataset.a === wanted.adapter) &&
      (!wanted.outcome || element.dataset.o === wanted.outcome) &&
      (!wanted.dtype || parseInt(element.dataset.d || 0, 16) >> types.indexOf(wanted.dtype) & 1);
  }

  function apply(wanted) {
    var some = wanted.adapter || wanted.outcome || wanted.dtype;
    var count = 0;
    sections.forEach(function (section) {
      var visible = !wanted.family || section.dataset.f === wanted.family;
      if (visible && some) {
        var kept = all(".outcomes > li", section).filter(function (item) {
          show(item, fits(item, wanted));
          return fits(item, wanted);
        });
        visible = kept.length > 0;
      } else {
        all(".outcomes > .out", section).forEach(function (item) { show(item, true); });
      }
      if (visible) count += 1;
      show(section, visible);
      show(rows.get(section.id), visible);
    });
    all(".familysection, .matrix tbody").forEach(function (group) {
      show(group, all("section.requirement, tr[data-r]", group).some(function (item) {
        return !item.classList.contains("out");
      }));
    });
    all(".card, .more > li").forEach(function (item) {
      show(item, (!wanted.family || item.dataset.f === wanted.family) && fits(item, wanted));
    });
    all(".sheet, .glance tbody tr").forEach(function (item) {
      show(item, !wanted.adapter || item.dataset.a === wanted.adapter);
    });
    all(".matrix thead th[data-a]").forEach(function (head) {
      var visible = !wanted.adapter || head.dataset.a === wanted.adapter;
      show(head, visible);
      all(".matrix tr[data-r]").forEach(function (row) { show(row.cells[head.cellIndex], visible); });
    });
    report.textContent = wanted.family || some ? count + " of " + sections.length + " requirements" : "";
  }

  function land(place) {
    var target = place && document.getElementById(place);
    if (!target) return;
    if (target.closest(".out")) apply(chosen(new URLSearchParams()));
    for (var box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    target.scrollIntoView();
  }

  function follow() {
    var now = read();
    if (now.filtered) apply(chosen(now.state));
    land(now.place);
  }

  form.addEventListener("change", function () {
    var state = new URLSearchParams();
    names.forEach(function (name) { if (form.elements[name].value) state.set(name, form.elements[name].value); });
    var text = state.toString();
    history.replaceState(null, "", text ? "#?" + text : "#");
    apply(chosen(state));
  });
  form.addEventListener("reset", function () {
    history.replaceState(null, "", "#");
    apply(chosen(new URLSearchParams()));
  });
  window.addEventListener("hashchange", follow);
  form.hidden = false;
  follow();
})();
