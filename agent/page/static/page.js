"use strict";
// Keeps an open page true, sends forms without leaving it, and knows the keys. The page works
// without it, and only does not change by itself then.
const $ = (id) => document.getElementById(id);

// patch makes what stands in old what stands in fresh, element by element, so that focus, scroll
// positions, open menus, selections and loaded pictures stay. Children are told apart by keyOf.
const keyOf = (n) => n.nodeType === 1 && (n.id || n.dataset.of || n.dataset.job) || "";
function patch(old, fresh) {
	const known = new Map();
	for (const n of old.childNodes) if (keyOf(n)) known.set(keyOf(n), n);
	let at = old.firstChild;
	for (const want of [...fresh.childNodes]) {
		let have = keyOf(want) ? known.get(keyOf(want)) : at;
		if (have && (have.nodeName !== want.nodeName || keyOf(have) !== keyOf(want))) have = null;
		if (!have) { old.insertBefore(want, at); continue; }
		if (have !== at) old.insertBefore(have, at); else at = at.nextSibling;
		if (have.nodeType !== 1) { if (have.nodeValue !== want.nodeValue) have.nodeValue = want.nodeValue; continue; }
		for (const { name } of [...have.attributes]) if (!want.hasAttribute(name) && !keeps(have, name)) have.removeAttribute(name);
		for (const { name, value } of [...want.attributes]) if (have.getAttribute(name) !== value && !keeps(have, name)) have.setAttribute(name, value);
		if (!(have.dataset.live === "" && have.id)) patch(have, want);
	}
	while (at) { const next = at.nextSibling; at.remove(); at = next; }
}
// keeps: what a person has opened or begun to write is the person's.
const keeps = (e, name) => e.nodeName === "DETAILS" && name === "open" || name === "aria-selected" || "value checked".includes(name) && /^(INPUT|TEXTAREA|SELECT)$/.test(e.nodeName) && e.type !== "hidden";

function put(id, html) {
	const block = $(id);
	if (!block) return;
	const fresh = document.createElement("template");
	fresh.innerHTML = html;
	const strips = [...block.querySelectorAll(".strip")].map((s) => [s, s.scrollLeft, s.scrollWidth]);
	patch(block, fresh.content);
	for (const [s, left, width] of strips) if (left > 0) s.scrollLeft = left + s.scrollWidth - width; // new ones come in at the front
	document.dispatchEvent(new CustomEvent("block", { detail: block }));
}

// News from the server. A hidden page listens to none, for a browser has few connections.
const shape = document.querySelector("meta[name=shape]").content, lost = $("lost");
let source = null, since = null, closures = 0;
function listen() {
	if (source || document.hidden) return;
	source = new EventSource("/events?" + new URLSearchParams({ path: document.body.dataset.path }));
	source.addEventListener("hello", (e) => {
		since = null; closures = 0; lost.hidden = true;
		if (e.data !== shape) location.reload();
	});
	source.addEventListener("blocks", (e) => { for (const [id, html] of Object.entries(JSON.parse(e.data))) put(id, html); });
	source.onerror = () => {
		since ??= new Date();
		setTimeout(() => {
			if (!since) return;
			lost.textContent = lost.dataset.text.replace("%s", since.toLocaleTimeString());
			lost.hidden = false;
		}, 2500);
		if (source?.readyState === 2) { // refused: no login any more, or too many pages
			deaf();
			if (++closures === 3) location.reload(); else setTimeout(listen, 5000);
		}
	};
}
function deaf() { source?.close(); source = null; }
document.addEventListener("visibilitychange", () => document.hidden ? deaf() : listen());
addEventListener("pagehide", deaf);
addEventListener("pageshow", listen);

// What is asked for, and what came of it.
const said = $("said");
let hush;
function say(text, failed) {
	clearTimeout(hush);
	said.classList.toggle("failed", !!failed);
	said.textContent = failed ? said.dataset.failed.replace("%s", text) : text;
	if (!failed) hush = setTimeout(() => { said.textContent = ""; }, 12000);
}
if (said.textContent && !said.classList.contains("failed")) hush = setTimeout(() => { said.textContent = ""; }, 12000);
document.addEventListener("submit", async (e) => {
	const form = e.target, by = e.submitter, path = new URL(by?.getAttribute("formaction") ?? form.getAttribute("action") ?? "", location).pathname;
	if ((by?.getAttribute("formmethod") ?? form.method) !== "post" || e.defaultPrevented || !path.startsWith("/do/") && !path.endsWith("/examine") || "whole" in form.dataset) return;
	e.preventDefault();
	if (form.dataset.busy) return;
	form.dataset.busy = "yes";
	say(said.dataset.asking);
	try {
		const answer = await fetch(path, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(form, by)) });
		if (answer.status === 401) return location.reload();
		const result = answer.ok ? await answer.json() : { said: await answer.text(), failed: true };
		say(result.said, result.failed);
		if (!result.failed) form.closest("details.menu")?.removeAttribute("open");
		form.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: result }));
	} catch { say(lost.dataset.text.replace("%s", new Date().toLocaleTimeString()), true); }
	delete form.dataset.busy;
});

// Keys. [data-item] is what j and k step through; [data-key=KEY] in it, or else on the page, is
// what a key presses, or the field that it leads to.
const help = $("help");
$("help-open").addEventListener("click", () => help.showModal());
let went = 0;
function step(by) {
	const items = [...document.querySelectorAll("[data-item]")], here = items.indexOf(document.activeElement?.closest("[data-item]"));
	items[Math.max(0, Math.min(items.length - 1, here < 0 ? 0 : here + by))]?.focus();
}
document.addEventListener("keydown", (e) => {
	if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input:not([type=checkbox]), textarea, select, dialog[open]")) return;
	const key = `[data-key="${CSS.escape(e.key)}"]:not(:disabled)`, item = document.activeElement?.closest("[data-item]");
	const press = item?.querySelector(key) ?? document.querySelector(key), go = Date.now() - went < 1500 && document.querySelector(`nav [data-go="${CSS.escape(e.key)}"]`);
	went = 0;
	if (go) go.click();
	else if (press) press.matches("input, textarea, select") ? press.focus() : press.click();
	else if (e.key === "g") went = Date.now();
	else if (e.key === "j" || e.key === "k") step(e.key === "j" ? 1 : -1);
	else if (e.key === "?") help.showModal();
	else if (e.key === "/") location.assign("/files");
	else if (e.key === "Escape") { say(""); for (const open of document.querySelectorAll("details.menu[open]")) open.removeAttribute("open"); }
	else if (e.key === " " && item && e.target === item) { const box = item.querySelector("input[type=checkbox]"); if (!box) return; box.click(); }
	else if (e.key === "Enter" && item && e.target === item) item.querySelector("a[href]")?.click();
	else return;
	e.preventDefault();
});
document.addEventListener("click", (e) => { for (const open of document.querySelectorAll("details.menu[open]")) if (!open.contains(e.target)) open.removeAttribute("open"); });
