// The page of results. Texts are put in as text, diagrams as parsed XML; nothing is ever put in as HTML.
'use strict';
const byId = id => document.getElementById(id);
const cells = [...document.querySelectorAll('td a.r')];
const inPlace = {cell: null, content: null, key: null, all: false, list: null};

// Packed text, as bytes again.
async function unpack(n) {
  const packed = atob(byId('packed-' + n).textContent);
  const bytes = Uint8Array.from(packed, c => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return JSON.parse(await new Response(stream).text());
}

function make(tag, text, className) {
  const it = document.createElement(tag);
  if (text !== undefined) it.textContent = text;
  if (className) it.className = className;
  return it;
}

function say(text) {
  byId('status').textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { byId('status').textContent = ''; }, 2500);
}

// The matrix: what matches stays.
const words = new Map(cells.map(cell => {
  const row = cell.closest('tr').querySelector('th').textContent;
  const of = cell.dataset;
  return [cell, [row, of.client, of.rung, of.outcome, of.violated].join(' ').toLowerCase()];
}));

function filter() {
  const wanted = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const rung = byId('rung').value;
  const outcome = byId('outcome').value;
  let some = 0;
  for (const cell of cells) {
    const matches = wanted.every(word => words.get(cell).includes(word)) &&
      (!rung || cell.dataset.rung === rung) && (!outcome || cell.dataset.outcome === outcome);
    cell.classList.toggle('off', !matches);
    some += matches;
  }
  const isOn = cell => !cell.classList.contains('off');
  const columns = new Set();
  for (const row of document.querySelectorAll('tbody tr')) {
    const on = [...row.querySelectorAll('a.r')].filter(isOn);
    row.hidden = on.length === 0;
    on.forEach(cell => columns.add(cell.parentNode.cellIndex));
  }
  for (const row of document.querySelectorAll('#matrix tr')) {
    [...row.cells].forEach((cell, n) => { cell.hidden = n > 0 && !columns.has(n); });
  }
  byId('nothing').hidden = some > 0;
  byId('headline').textContent = some === cells.length ? headline : some + ' of ' + headline;
}
const headline = byId('headline').textContent;
for (const id of ['search', 'rung', 'outcome']) byId(id).addEventListener('input', filter);

const shown = () => cells.filter(cell => !cell.classList.contains('off') && cell.offsetParent);

// The next cell in a direction, by where the cells are on the screen.
function neighbour(from, key) {
  const here = from.getBoundingClientRect();
  const along = key === 'ArrowLeft' || key === 'ArrowRight';
  const sign = key === 'ArrowRight' || key === 'ArrowDown' ? 1 : -1;
  let best = null;
  let least = Infinity;
  for (const cell of shown()) {
    const box = cell.getBoundingClientRect();
    const by = sign * (along ? box.x - here.x : box.y - here.y);
    const off = Math.abs(along ? box.y - here.y : box.x - here.x);
    if (by <= 1 || (along && off > 4)) continue;
    const far = by + off * 4;
    if (far < least) [best, least] = [cell, far];
  }
  return best;
}

// A cell.
const linkTo = (cell, key) => cell.getAttribute('href') + (key === null ? '' : '/' + key);

async function open(cell, key) {
  if (inPlace.cell !== cell) {
    let content;
    try {
      content = await unpack(cell.dataset.n);
    } catch (error) {
      say('This browser cannot unpack it: ' + error.message);
      return;
    }
    if (wantedNow().cell !== cell) return;
    Object.assign(inPlace, {cell, content, key: null, all: false});
    heading(cell, content);
  }
  byId('matrix').hidden = true;
  byId('cell').hidden = false;
  inPlace.list ??= matchMedia('(max-width:700px)').matches;
  const needsAll = key !== null && !parse(inPlace.content.drawn.folded).querySelector(`.row[data-key="${key}"]`);
  inPlace.all ||= needsAll;
  drawing();
  if (key !== null) choose(rowOf(key), true);
  else if (document.activeElement === document.body || !byId('cell').contains(document.activeElement)) {
    byId('drawing').focus({preventScroll: true});
    scrollTo(0, 0);
  }
}

function heading(cell, content) {
  const of = cell.dataset;
  document.title = 'Stalemate: ' + of.scenario + ' with ' + of.client;
  byId('cell-title').textContent = of.scenario + ' with ' + of.client + (of.seed === '1' ? '' : ', seed ' + of.seed);
  byId('cell-summary').textContent = cell.closest('tr').querySelector('small').textContent;
  const rung = make('span', of.rung, [...cell.classList].filter(name => !['off', 'is-not-kept'].includes(name)).join(' '));
  byId('cell-badges').replaceChildren(rung, ' ' + of.outcome);
  byId('cell-problems').replaceChildren(...JSON.parse(of.problems).map(text => make('li', text)));
  const marks = parse(content.drawn.all).querySelectorAll('.is-violation');
  byId('cell-violations').replaceChildren(...[...marks].map(mark => {
    const item = make('li');
    const button = make('button', mark.dataset.id + ' (' + mark.dataset.party + ')');
    button.type = 'button';
    button.addEventListener('click', () => go(mark.dataset.key));
    item.append(button);
    return item;
  }));
  const at = cells.indexOf(cell);
  byId('previous').disabled = at === 0;
  byId('next').disabled = at === cells.length - 1;
}

const parse = text => new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;

function drawing() {
  const drawn = inPlace.content.drawn;
  const svg = parse(inPlace.all ? drawn.all : drawn.folded);
  const rows = [...svg.querySelectorAll('.row')];
  // Its rows can be read and reached one by one, so that it is no single picture here.
  svg.setAttribute('role', 'group');
  let root = svg;
  if (inPlace.list) {
    root = make('ol');
    root.append(...rows.map(row => {
      const item = make('li', undefined, row.getAttribute('class'));
      item.dataset.key = row.dataset.key;
      const time = [...row.children].find(it => it.classList.contains('time'));
      if (time) item.append(make('time', time.textContent));
      item.append(make('span', said(row)));
      return item;
    }));
  }
  for (const row of root.querySelectorAll('.row')) {
    row.setAttribute('tabindex', '-1');
    row.setAttribute('role', 'button');
  }
  root.querySelector('.row')?.setAttribute('tabindex', '0');
  byId('drawing').replaceChildren(document.adoptNode(root));
  if (root === svg) byId('drawing').prepend(lanesOf(svg));
  byId('show-all').setAttribute('aria-pressed', inPlace.all);
  byId('show-list').setAttribute('aria-pressed', inPlace.list);
}

// What a row says in full, in a diagram and in a list.
const said = row => row.querySelector('title, span').textContent;
// The names of the lanes once more, which stay where they can be seen.
function lanesOf(svg) {
  const lanes = svg.cloneNode(false);
  const width = svg.viewBox.baseVal.width;
  const height = 48;
  lanes.setAttribute('viewBox', `0 0 ${width} ${height}`);
  lanes.setAttribute('height', height);
  lanes.setAttribute('aria-hidden', 'true');
  lanes.classList.add('sticky');
  lanes.append(svg.querySelector('.bg').cloneNode(), svg.querySelector('.lanes').cloneNode(true));
  return lanes;
}

const rowsHere = () => [...byId('drawing').querySelectorAll('.row')];
const rowOf = key => byId('drawing').querySelector(`.row[data-key="${key}"]`);

function stand(row) {
  rowsHere().forEach(it => it.setAttribute('tabindex', '-1'));
  row.setAttribute('tabindex', '0');
  row.focus({preventScroll: true});
  row.scrollIntoView({block: 'nearest', inline: 'nearest'});
}

// Chooses a row: its details are shown.
function choose(row, far) {
  if (!row) return;
  rowsHere().forEach(it => it.classList.toggle('chosen', it === row));
  if (row.classList.contains('is-folded')) {
    inPlace.all = true;
    drawing();
    const there = rowOf(row.dataset.key);
    if (there) stand(there);
    return;
  }
  inPlace.key = row.dataset.key;
  const drawn = inPlace.content.drawn;
  byId('details-title').textContent = said(row);
  const pairs = drawn.details[row.dataset.key] ?? [];
  byId('details-list').replaceChildren(...pairs.flatMap(([name, value]) => [make('dt', name), make('dd', value)]));
  byId('details-link').setAttribute('href', linkTo(inPlace.cell, row.dataset.key));
  byId('details').hidden = false;
  history.replaceState(null, '', linkTo(inPlace.cell, row.dataset.key));
  if (far) {
    row.scrollIntoView({block: 'center', inline: 'nearest'});
    stand(row);
  }
}

function closeDetails() {
  byId('details').hidden = true;
  const row = inPlace.key !== null && rowOf(inPlace.key);
  inPlace.key = null;
  rowsHere().forEach(it => it.classList.remove('chosen'));
  history.replaceState(null, '', linkTo(inPlace.cell, null));
  if (row) stand(row);
}

const go = key => { location.hash = linkTo(inPlace.cell, key); };

function toMatrix() {
  const from = inPlace.cell;
  Object.assign(inPlace, {cell: null, content: null, key: null});
  document.title = title;
  byId('details').hidden = true;
  byId('cell').hidden = true;
  byId('matrix').hidden = false;
  if (from) {
    from.focus({preventScroll: true});
    from.scrollIntoView({block: 'nearest', inline: 'nearest'});
  }
}
const title = document.title;

// What the address says.
function wantedNow() {
  const hash = location.hash;
  const cell = cells.find(it => hash === it.getAttribute('href') || hash.startsWith(it.getAttribute('href') + '/'));
  const rest = cell ? hash.slice(cell.getAttribute('href').length + 1) : '';
  return {cell: cell ?? null, key: /^\d+(f|v\d+)?$/.test(rest) ? rest : null};
}

async function route() {
  const {cell, key} = wantedNow();
  if (cell) {
    if (key === null) byId('details').hidden = true;
    await open(cell, key);
  } else {
    toMatrix();
    if (location.hash.startsWith('#cell/')) say('There is no such cell here.');
  }
}
addEventListener('hashchange', route);

byId('drawing').addEventListener('click', event => {
  const row = event.target.closest('.row');
  if (row) {
    stand(row);
    choose(row, false);
  }
});
byId('close').addEventListener('click', closeDetails);
byId('back').addEventListener('click', event => {
  event.preventDefault();
  location.hash = '';
});
const step = by => () => {
  const next = cells[cells.indexOf(inPlace.cell) + by];
  if (next) location.hash = linkTo(next, null);
};
byId('previous').addEventListener('click', step(-1));
byId('next').addEventListener('click', step(1));
for (const [id, what] of [['show-all', 'all'], ['show-list', 'list']]) {
  byId(id).addEventListener('click', () => {
    inPlace[what] = !inPlace[what];
    const key = inPlace.key;
    drawing();
    if (key !== null) choose(rowOf(key), true);
  });
}
byId('save').addEventListener('click', () => {
  const of = inPlace.cell.dataset;
  const link = make('a');
  link.href = URL.createObjectURL(new Blob([inPlace.content.record], {type: 'application/jsonl'}));
  link.download = (of.scenario + '--' + of.client + '--' + of.seed).replace(/[^A-Za-z0-9._-]+/g, '-') + '.jsonl';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say('Saved as ' + link.download + '. `stalemate trace` takes it.');
});

addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = document.activeElement;
  const typing = at.matches('input, select');
  const key = event.key;
  if (byId('cell').hidden) {
    if (key === '/' && !typing) {
      byId('search').focus();
    } else if (key === 'Escape' && typing) {
      byId('search').value = '';
      filter();
      at.blur();
    } else if (key === 'Enter' && at.id === 'search') {
      shown()[0]?.focus();
    } else if (key.startsWith('Arrow') && (!typing || (at.id === 'search' && key === 'ArrowDown'))) {
      const next = cells.includes(at) ? neighbour(at, key) : shown()[0];
      next?.focus();
    } else return;
    event.preventDefault();
    return;
  }
  const rows = rowsHere();
  const here = rows.indexOf(at.closest?.('.row'));
  if (key === 'Escape') {
    if (byId('details').hidden) location.hash = '';
    else closeDetails();
  } else if (key === 'ArrowDown' || key === 'ArrowUp') {
    const next = here < 0 ? rows[0] : rows[here + (key === 'ArrowDown' ? 1 : -1)];
    if (next) stand(next);
    if (next && !byId('details').hidden && !next.classList.contains('is-folded')) choose(next, false);
  } else if ((key === 'Enter' || key === ' ') && here >= 0) {
    choose(rows[here], false);
  } else if (key === '/') {
    location.hash = '';
    setTimeout(() => byId('search').focus());
  } else return;
  event.preventDefault();
});

route();
