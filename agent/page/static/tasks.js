"use strict";
// Tasks and files: selecting pictures, loading more of them, before and after. All of it works
// without a script, too, in a plainer way. patch and say are those of page.js.
document.documentElement.classList.add("js");

const fragment = async (address) => {
	const answer = await fetch(address);
	if (!answer.ok) throw new Error(await answer.text());
	const fresh = document.createElement("template");
	fresh.innerHTML = await answer.text();
	return fresh.content;
};

// Lists whose last element says where the next page is.
const ends = new IntersectionObserver((seen) => { for (const s of seen) if (s.isIntersecting) extend(s.target); }, { rootMargin: "600px" });
async function extend(end) {
	ends.unobserve(end);
	try {
		const more = await fragment(end.dataset.more);
		const back = end.previousElementSibling;
		if (back?.matches(".lookedback")) back.remove();
		end.replaceWith(more);
		watchEnds();
		recount();
	} catch { setTimeout(() => ends.observe(end), 5000); }
}
function watchEnds() { for (const end of document.querySelectorAll(".sentinel")) { end.hidden = false; ends.observe(end); } }

// Selection: by click, space, and with shift all in between. What is selected is kept by name, for
// the list may be written anew.
const picked = new Set(), boxes = () => document.querySelectorAll("input[name=names][type=checkbox]");
let last = null, shifted = false;
function recount() {
	for (const box of boxes()) if (picked.has(box.value)) box.checked = true;
	for (const out of document.querySelectorAll("output.picked")) {
		const n = picked.size, text = n === 1 ? out.dataset.one : out.dataset.many.replace("%d", n);
		out.textContent = n ? text : "";
	}
	const bar = document.getElementById("pickbar");
	if (bar) for (const b of bar.querySelectorAll("button, input")) b.disabled = !picked.size;
	const clear = document.querySelector(".clear");
	if (clear) clear.hidden = !picked.size;
}
function choose(box, on) {
	box.checked = on;
	if (on) picked.add(box.value); else picked.delete(box.value);
}
function clearAll() { for (const box of boxes()) choose(box, false); picked.clear(); last = null; recount(); }
document.addEventListener("keydown", (e) => {
	shifted = e.shiftKey;
	const tile = document.activeElement?.closest("#main .tile[data-item]");
	const box = tile?.querySelector("input[name=names]");
	if (e.key === "Escape" && picked.size && !document.querySelector("dialog[open]")) clearAll();
	if ((e.key === "i" || e.key === "r") && !picked.size && box && e.target === tile) { choose(box, true); recount(); }
}, true);
document.addEventListener("keyup", (e) => { shifted = e.shiftKey; }, true);
document.addEventListener("click", (e) => {
	const label = e.target.closest("label, input[name=names]"), box = label?.closest(".tile, .chip")?.querySelector("input[name=names]");
	if (!box || box.type !== "checkbox") return;
	if (e.target !== box) { e.preventDefault(); box.checked = !box.checked; }
	const list = [...boxes()].filter((b) => b.closest("section") === box.closest("section")), from = list.indexOf(last), to = list.indexOf(box);
	choose(box, box.checked);
	if ((e.shiftKey || shifted) && from >= 0) for (const b of list.slice(Math.min(from, to), Math.max(from, to) + 1)) choose(b, box.checked);
	last = box;
	if (e.target !== box) box.closest("[data-item]")?.focus({ preventScroll: true });
	recount();
});
document.querySelector(".clear")?.addEventListener("click", clearAll);
document.getElementById("pick")?.addEventListener("answered", (e) => { if (!e.detail.failed) clearAll(); });
// What is selected and not loaded any more goes along.
document.addEventListener("formdata", (e) => {
	if (!e.target.matches("#pick, #order")) return;
	const there = new Set(e.formData.getAll("names"));
	for (const name of picked) if (!there.has(name)) e.formData.append("names", name);
});

// The columns of a task: pages after the first are loaded as one scrolls, and again, where they are
// seen, when pictures have moved.
const perPage = 60;
for (const column of document.querySelectorAll("[data-group]")) {
	const scroll = column.querySelector(".scroll"), end = document.createElement("div"), shown = new Set();
	const count = () => Number(column.querySelector("[data-count]")?.dataset.count ?? 0);
	const first = () => Number(scroll.querySelector("[data-live] .tiles")?.dataset.page ?? 1);
	let loaded = first(), busy = false, near = false, soon = 0;
	scroll.append(end);
	const fill = async (page) => {
		page.dataset.stale = "";
		const fresh = await fragment(column.dataset.pictures + "&page=" + page.dataset.page);
		delete page.dataset.stale;
		patch(page, fresh);
		settle();
	};
	const settle = () => { // a picture stands where it was seen last
		const here = new Set([...document.querySelectorAll(".board [data-live] .tile")].map((t) => t.id));
		for (const t of scroll.querySelectorAll(".page .tile")) if (here.has(t.id)) t.remove(); else here.add(t.id);
		recount();
	};
	const more = async () => {
		if (busy || !near || loaded * perPage >= count()) return;
		busy = true;
		const page = document.createElement("div");
		page.className = "page"; page.dataset.page = ++loaded;
		end.before(page);
		try { await fill(page); views.observe(page); } catch { page.remove(); loaded--; near = false; }
		busy = false;
		more();
	};
	const refresh = () => { for (const page of shown) if ("stale" in page.dataset) fill(page).catch(() => {}); };
	const views = new IntersectionObserver((seen) => {
		for (const s of seen) if (s.isIntersecting) shown.add(s.target); else shown.delete(s.target);
		refresh();
	}, { root: scroll });
	new IntersectionObserver((seen) => { near = seen.at(-1).isIntersecting; more(); }, { root: scroll, rootMargin: "800px" }).observe(end);
	document.addEventListener("block", (e) => {
		if (!column.contains(e.detail)) return;
		for (const page of scroll.querySelectorAll(".page")) {
			page.dataset.stale = "";
			if ((Number(page.dataset.page) - 1) * perPage >= count()) { views.unobserve(page); shown.delete(page); page.remove(); loaded = Math.max(first(), Number(page.dataset.page) - 1); }
		}
		settle();
		clearTimeout(soon);
		soon = setTimeout(() => { refresh(); more(); }, 800);
	});
}

// A new task: templates belong to the account.
const order = document.getElementById("order"), templates = document.getElementById("templates");
order?.addEventListener("change", async (e) => {
	if (e.target.name !== "account") return;
	const account = e.target.value;
	templates.textContent = templates.dataset.loading;
	const ask = new URLSearchParams({ bench: order.elements.bench.value, account });
	try {
		const fresh = await fragment(templates.dataset.from + "?" + ask);
		if (order.elements.account.value === account) templates.replaceChildren(fresh);
	} catch (problem) { templates.textContent = problem.message; }
});
order?.addEventListener("answered", (e) => { if (!e.detail.failed) location.assign("/tasks?" + new URLSearchParams({ said: e.detail.said })); });

// Before and after, one over the other: the slider, or the pointer on the picture.
function slide() {
	const box = document.querySelector(".compare.both"), range = box?.querySelector("#slide"), after = box?.querySelector(".after img");
	if (!range) return;
	box.classList.add("slide");
	range.closest(".slider").hidden = false;
	const show = () => { after.style.clipPath = `inset(0 0 0 ${range.value}%)`; };
	range.oninput = show;
	box.onpointermove = (e) => {
		if (!e.target.matches("img") || e.pointerType !== "mouse" && !e.buttons) return;
		const at = after.getBoundingClientRect();
		range.value = 100 * (e.clientX - at.left) / at.width;
		show();
	};
	show();
}
document.addEventListener("block", (e) => { if (e.detail.id === "compare-pictures") slide(); });
document.addEventListener("keydown", (e) => {
	const to = { ArrowLeft: "prev", ArrowRight: "next" }[e.key];
	if (to && document.body.dataset.page === "compare" && !e.target.matches("input, textarea")) document.querySelector(`a[rel=${to}]`)?.click();
});

for (const box of boxes()) if (box.checked) picked.add(box.value);
watchEnds();
slide();
recount();
