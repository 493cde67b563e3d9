"use strict";
// Shows the words of this page. Nothing is loaded; words become text nodes or strokes on the canvas, never markup.
(() => {
  const element = id => document.getElementById(id);
  const data = JSON.parse(element("data").textContent);
  const { words, x, y } = data;
  const canvas = element("map"), pen = canvas.getContext("2d");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const numbers = new Map(words.map((word, i) => [word, i]));
  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif';

  // 1 for the first word, which is the most frequent, down to 0.
  const prominence = words.map((_, i) => Math.max(0, 1 - Math.log(i / 10 + 1) / Math.log(100)));

  // ---- The view: the point of the map in the middle of the screen, and pixels for a unit of the map.
  let width = 0, height = 0, whole = { x: 0, y: 0, scale: 1 }, view = { ...whole };
  const screenX = i => (x[i] - view.x) * view.scale + width / 2;
  const screenY = i => (view.y - y[i]) * view.scale + height / 2;

  function range(numbers) {
    let low = Infinity, high = -Infinity;
    for (const n of numbers) { low = Math.min(low, n); high = Math.max(high, n); }
    return [low, high];
  }

  // The whole map, beside the panel where there is room for both.
  function fitted() {
    const [left, right] = range(x), [low, high] = range(y);
    const panel = width > 900 ? 304 : 0, head = width > 640 ? 0 : 120, edge = Math.min(48, width / 12);
    const scale = Math.min((width - panel - 2 * edge) / (right - left || 1), (height - head - 2 * edge) / (high - low || 1));
    return { x: (left + right) / 2 - panel / 2 / scale, y: (low + high) / 2 + head / 2 / scale, scale };
  }

  function resize() {
    const wasWhole = view.x === whole.x && view.y === whole.y && view.scale === whole.scale;
    const ratio = devicePixelRatio || 1;
    [width, height] = [innerWidth, innerHeight];
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    whole = fitted();
    if (wasWhole) view = { ...whole };
    redraw();
  }

  const limited = scale => Math.min(Math.max(scale, whole.scale / 2), whole.scale * 200);

  function zoom(factor, atX = width / 2, atY = height / 2) {
    stop();
    const scale = limited(view.scale * factor), [dx, dy] = [atX - width / 2, atY - height / 2];
    view.x += dx / view.scale - dx / scale;
    view.y -= dy / view.scale - dy / scale;
    view.scale = scale;
    redraw();
  }

  let flight = 0;
  const stop = () => { cancelAnimationFrame(flight); flight = 0; };

  function fly(to) {
    stop();
    const from = { ...view }, start = performance.now(), time = still.matches ? 0 : 450;
    const step = now => {
      const t = Math.min(1, Math.max(0, (now - start) / time || 0)), eased = t >= 1 || !time ? 1 : 1 - (1 - t) ** 3;
      view.scale = from.scale * (to.scale / from.scale) ** eased;
      view.x = from.x + (to.x - from.x) * eased;
      view.y = from.y + (to.y - from.y) * eased;
      draw();
      flight = eased < 1 ? requestAnimationFrame(step) : 0;
    };
    flight = requestAnimationFrame(step);
  }

  // Near enough to see the word with most of its neighbors, beside the panel; within limits.
  function goTo(i) {
    const away = data.near[i].map(j => Math.hypot(x[j] - x[i], y[j] - y[i])).sort((a, b) => a - b);
    const most = away[Math.ceil(away.length * .75) - 1] || 1, room = Math.min(height, width > 900 ? width - 304 : width) / 2 - 60;
    const scale = Math.min(Math.max(room / most, whole.scale * 1.5), whole.scale * 12);
    const low = width <= 640 ? height * .12 / scale : 0;
    fly({ x: x[i] - (width > 900 ? 152 / scale : 0), y: y[i] - low, scale });
  }

  // ---- Drawing.
  let pointed = -1, selected = -1, labels = [], planned = 0;
  const shown = () => pointed >= 0 ? pointed : selected;
  const redraw = () => { if (!planned) planned = requestAnimationFrame(() => { planned = 0; draw(); }); };

  const font = (weight, points) => `${weight} ${points}px ${FONT}`;
  const widths = new Map();
  function textWidth(i, weight) {
    const key = i * 1000 + weight;
    if (!widths.has(key)) {
      pen.font = font(weight, 100);
      widths.set(key, pen.measureText(words[i]).width / 100);
    }
    return widths.get(key);
  }

  const zoomed = () => Math.log2(Math.max(1, view.scale / whole.scale));
  const radius = i => (2.1 + 2 * prominence[i]) * (1 + .16 * Math.min(zoomed(), 6));
  const size = i => 11 + 5 * prominence[i] + Math.min(zoomed(), 4) * .5;
  const color = i => dark.matches ? `hsl(${data.hue[i]}, 70%, 64%)` : `hsl(${data.hue[i]}, 62%, 48%)`;

  // Which pixels labels cover, in cells that move with the map: a label does not come and go while the map is moved.
  const CELL = 4;
  function cover() {
    const [left, top] = [view.x * view.scale - width / 2, -view.y * view.scale - height / 2];
    const [fromX, fromY] = [Math.floor(left / CELL) - 60, Math.floor(top / CELL) - 10];
    const columns = Math.ceil(width / CELL) + 120, rows = Math.ceil(height / CELL) + 20, cells = new Uint8Array(columns * rows);
    const bounds = box => [
      Math.floor((box.left + left) / CELL) - fromX, Math.floor((box.right + left) / CELL) - fromX,
      Math.floor((box.top + top) / CELL) - fromY, Math.floor((box.bottom + top) / CELL) - fromY,
    ];
    return {
      isFree(box) {
        const [l, r, t, b] = bounds(box);
        if (l < 0 || t < 0 || r >= columns || b >= rows) return false;
        for (let row = t; row <= b; row++) {
          for (let at = row * columns + l; at <= row * columns + r; at++) if (cells[at]) return false;
        }
        return true;
      },
      take(box) {
        const [l, r, t, b] = bounds(box);
        for (let row = Math.max(t, 0); row <= Math.min(b, rows - 1); row++) {
          cells.fill(1, row * columns + Math.max(l, 0), row * columns + Math.min(r, columns - 1) + 1);
        }
      },
    };
  }

  function place(i, covered, always) {
    const weight = always || prominence[i] > .6 ? 600 : 400;
    const points = size(i) + (always ? 1 : 0), long = textWidth(i, weight) * points, gap = radius(i) + 3, [px, py] = [screenX(i), screenY(i)];
    const box = left => ({ i, weight, points, left, right: left + long, top: py - points * .62, bottom: py + points * .62 });
    const found = [box(px + gap), box(px - gap - long)].find(covered.isFree) ?? (always ? box(px + gap) : undefined);
    if (!found) return;
    covered.take(found);
    labels.push(found);
  }

  const isVisible = (i, margin) => {
    const [px, py] = [screenX(i), screenY(i)];
    return px > -margin && px < width + margin && py > -margin && py < height + margin;
  };

  function draw() {
    const ratio = devicePixelRatio || 1, style = getComputedStyle(document.documentElement);
    const [paper, ink, mark] = ["--paper", "--ink", "--mark"].map(name => style.getPropertyValue(name));
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const active = shown(), near = active >= 0 ? data.near[active] : [], bright = new Set(near).add(active);
    const visible = words.map((_, i) => i).filter(i => isVisible(i, 200));
    drawPoints(visible, active < 0 ? null : bright);
    drawLines(active, near, mark);
    labels = [];
    const covered = cover();
    if (active >= 0) [active, ...near].forEach(i => place(i, covered, true));
    // Points without a label of their own may be under one, those of frequent words not.
    for (const i of visible) if (!bright.has(i)) place(i, covered, false);
    drawLabels(active, bright, paper, ink, mark);
    const root = document.documentElement.dataset;
    root.points = visible.filter(i => isVisible(i, 0)).length;
    root.labels = labels.length;
  }

  function drawPoints(visible, bright) {
    // The frequent ones over the others, and those that matter over all.
    for (const i of visible.reverse()) drawPoint(i, bright && !bright.has(i) ? .25 : .85);
    visible.reverse();
    if (bright) for (const i of bright) drawPoint(i, 1);
  }

  function drawPoint(i, alpha) {
    pen.globalAlpha = alpha;
    pen.fillStyle = color(i);
    pen.beginPath();
    pen.arc(screenX(i), screenY(i), radius(i), 0, 2 * Math.PI);
    pen.fill();
    pen.globalAlpha = 1;
  }

  function drawLines(active, near, mark) {
    if (active < 0) return;
    pen.strokeStyle = mark;
    near.forEach((other, rank) => {
      pen.globalAlpha = .25 + .6 * Math.max(0, data.cosine[active][rank] / 1000) ** 2;
      pen.lineWidth = 1.2;
      pen.beginPath();
      pen.moveTo(screenX(active), screenY(active));
      pen.lineTo(screenX(other), screenY(other));
      pen.stroke();
    });
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(screenX(active), screenY(active), radius(active) + 3, 0, 2 * Math.PI);
    pen.stroke();
  }

  function drawLabels(active, bright, paper, ink, mark) {
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 3;
    // The first ones last, over all others.
    for (const label of [...labels].reverse()) {
      const i = label.i;
      pen.font = font(label.weight, label.points);
      pen.globalAlpha = active >= 0 && !bright.has(i) ? .35 : 1;
      pen.strokeStyle = paper;
      pen.strokeText(words[i], label.left, screenY(i));
      pen.fillStyle = i === active ? mark : ink;
      pen.fillText(words[i], label.left, screenY(i));
    }
    pen.globalAlpha = 1;
  }

  // ---- The word under the pointer, and the selected one.
  function wordAt(px, py) {
    const label = labels.find(label => px >= label.left && px <= label.right && py >= label.top && py <= label.bottom);
    let best = -1, least = 14 ** 2;
    for (let i = 0; i < words.length; i++) {
      const distance = (screenX(i) - px) ** 2 + (screenY(i) - py) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    // A point right under the pointer is meant rather than a label over it.
    return label && least > 36 ? label.i : best;
  }

  function describe() {
    const i = shown();
    element("card").hidden = i < 0;
    if (i < 0) return;
    element("word").textContent = words[i];
    const count = data.counts ? ` · ${data.counts[i].toLocaleString("en")} times in the text` : "";
    element("rank").textContent = `word ${(i + 1).toLocaleString("en")} of ${words.length.toLocaleString("en")}${count}`;
    element("neighbors").replaceChildren(...data.near[i].map((other, rank) => {
      const item = document.createElement("li"), button = document.createElement("button");
      const name = document.createElement("bdi"), cosine = document.createElement("span"), value = data.cosine[i][rank] / 1000;
      button.type = "button";
      button.style.setProperty("--cosine", `${Math.max(0, value) * 100}%`);
      name.textContent = words[other];
      cosine.textContent = value.toFixed(2);
      button.append(name, cosine);
      button.addEventListener("click", () => select(other));
      item.append(button);
      return item;
    }));
  }

  function point(i) {
    if (i === pointed) return;
    pointed = i;
    canvas.classList.toggle("on-word", i >= 0);
    describe();
    redraw();
  }

  // Shows a word, and puts it into the address, which may be sent to somebody; -1 shows none.
  function select(i, go = true) {
    pointed = -1;
    selected = i;
    document.documentElement.dataset.selected = i < 0 ? "" : words[i];
    try {
      history.replaceState(null, "", i < 0 ? location.href.split("#")[0] : `#word=${encodeURIComponent(words[i])}`);
    } catch { /* the map works without */ }
    describe();
    if (i >= 0 && go) goTo(i);
    else redraw();
  }

  function followAddress() {
    const wanted = location.hash.match(/^#word=(.*)$/s);
    if (!wanted) return;
    let word = wanted[1];
    try { word = decodeURIComponent(word); } catch { /* it is taken as it is */ }
    const i = find(word);
    if (i >= 0) select(i);
    else {
      element("query").value = word;
      suggest();
    }
  }

  // ---- Search.
  const lower = words.map(word => word.toLowerCase());
  const find = word => numbers.get(word) ?? lower.indexOf(word.toLowerCase());

  // Words that begin with the text, then those that contain it, the frequent ones first.
  function matches(text) {
    const wanted = text.toLowerCase(), begin = [], within = [], exact = find(text);
    lower.forEach((word, i) => {
      const at = i === exact ? -1 : word.indexOf(wanted);
      if (at === 0) begin.push(i);
      else if (at > 0) within.push(i);
    });
    return [...(exact >= 0 ? [exact] : []), ...begin, ...within].slice(0, 8);
  }

  const query = element("query"), list = element("suggestions");
  let suggested = [], chosen = 0;

  function suggest() {
    const text = query.value.trim();
    suggested = text ? matches(text) : [];
    chosen = 0;
    list.hidden = !text;
    list.replaceChildren(...suggested.map((i, at) => {
      const item = document.createElement("li");
      item.setAttribute("role", "option");
      item.textContent = words[i];
      item.dir = "auto";
      // Before the input loses the focus.
      item.addEventListener("pointerdown", event => { event.preventDefault(); take(at); });
      return item;
    }));
    if (text && !suggested.length) {
      const none = document.createElement("li");
      none.className = "none";
      none.textContent = `“${text}” is not on this map`;
      list.append(none);
    }
    mark();
  }

  function mark() {
    [...list.children].forEach((item, at) => { if (item.getAttribute("role") === "option") item.setAttribute("aria-selected", String(at === chosen)); });
  }

  function take(at) {
    if (!(at in suggested)) return;
    const i = suggested[at];
    query.value = "";
    suggest();
    query.blur();
    select(i);
  }

  query.addEventListener("input", suggest);
  query.addEventListener("blur", () => { list.hidden = true; });
  query.addEventListener("focus", suggest);
  query.addEventListener("keydown", event => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && suggested.length) {
      event.preventDefault();
      chosen = (chosen + by + suggested.length) % suggested.length;
      mark();
    } else if (event.key === "Escape") {
      query.value = "";
      query.blur();
    }
    event.stopPropagation();
  });
  element("search").addEventListener("submit", event => { event.preventDefault(); take(chosen); });

  // ---- Pointers: one moves the map, two zoom it.
  const down = new Map();
  let moved = 0;

  canvas.addEventListener("pointerdown", event => {
    stop();
    if (!down.size) moved = 0;
    down.set(event.pointerId, [event.clientX, event.clientY]);
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("dragged");
  });
  canvas.addEventListener("pointermove", event => {
    const before = down.get(event.pointerId), now = [event.clientX, event.clientY];
    if (!before) return point(wordAt(...now));
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    // With a second one down, the middle of both moves half as far.
    const share = other ? .5 : 1;
    view.x -= share * (now[0] - before[0]) / view.scale;
    view.y += share * (now[1] - before[1]) / view.scale;
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    down.set(event.pointerId, now);
    if (other) {
      const apart = at => Math.max(10, Math.hypot(at[0] - other[0], at[1] - other[1]));
      zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    redraw();
  });
  const up = event => {
    if (!down.delete(event.pointerId) || down.size) return;
    canvas.classList.remove("dragged");
    if (event.type === "pointerup" && moved < 5) select(wordAt(event.clientX, event.clientY), false);
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => point(-1));
  canvas.addEventListener("wheel", event => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1, speed = event.ctrlKey ? .01 : .0018;
    zoom(Math.exp(-Math.max(-400, Math.min(400, event.deltaY * lines)) * speed), event.clientX, event.clientY);
  }, { passive: false });
  canvas.addEventListener("dblclick", event => zoom(2, event.clientX, event.clientY));

  element("in").addEventListener("click", () => zoom(1.6));
  element("out").addEventListener("click", () => zoom(1 / 1.6));
  element("all").addEventListener("click", () => fly(whole));
  const keys = {
    "+": () => zoom(1.6), "=": () => zoom(1.6), "-": () => zoom(1 / 1.6), "0": () => fly(whole),
    "/": () => query.focus(), Escape: () => select(-1),
    ArrowLeft: () => pan(-1, 0), ArrowRight: () => pan(1, 0), ArrowUp: () => pan(0, 1), ArrowDown: () => pan(0, -1),
  };
  function pan(right, upward) {
    view.x += right * 80 / view.scale;
    view.y += upward * 80 / view.scale;
    redraw();
  }
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });

  element("about").textContent = `${words.length.toLocaleString("en")} words · ${data.about}`;
  addEventListener("resize", resize);
  addEventListener("hashchange", followAddress);
  dark.addEventListener("change", redraw);
  resize();
  draw();
  followAddress();
})();
