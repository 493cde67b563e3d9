"""Writes crates/port/src/rust.json: the functions, types and traits of this project under the names that candle_keras gives them.

usage: python tools/rust_api.py        (needs cargo; run from the repository's root)

They come from rustdoc's JSON. CARGO_TARGET_DIR names the folder of the build if it is another than target. An argument is its name and
its type. A type with `new` has the arguments of that under "new", and what `new` returns unless it is `Self`; "deref" is the type whose
methods it has as well. "generics" are the bounds of the letters in the types. "is" is another name of the same item. Lifetimes are left
out.
"""
import json
import os
import subprocess

CRATES = ["candle-keras-ops", "candle-keras-data", "candle-keras-layers", "candle-keras-training", "candle-keras-models", "candle-keras-pyplot", "candle-keras"]
TARGET = os.environ.get("CARGO_TARGET_DIR", "target")
# The types behind the functions of `ops`.
LEFT_OUT = {"ops::operations"}
PATH = os.path.join("crates", "port", "src", "rust.json")


def read(crate):
    options = ["-p", crate, "--lib", "--", "-Z", "unstable-options", "--output-format", "json"]
    subprocess.run(["cargo", "rustdoc", "--quiet", *options], env=os.environ | {"RUSTC_BOOTSTRAP": "1"}, check=True)
    with open(os.path.join(TARGET, "doc", crate.replace("-", "_") + ".json")) as file:
        return json.load(file)


DOCS = {crate.replace("-", "_"): read(crate) for crate in CRATES}
# The id of an item in its own crate. A function and a module may have the same path.
IDS = {(*item["path"], item["kind"]): int(id) for doc in DOCS.values() for id, item in doc["paths"].items() if item["crate_id"] == 0}


def item(crate, id):
    found = DOCS[crate]["index"][str(id)]
    kind, inner = next(iter(found["inner"].items()))
    return found["name"], kind, inner


# Names


def target(crate, id):
    """The crate, the id and the kind of what another crate may define; of the crates of others `None` and the path."""
    if str(id) in DOCS[crate]["index"]:
        return crate, id, item(crate, id)[1]
    of = DOCS[crate]["paths"][str(id)]
    if of["path"][0] in DOCS:
        return of["path"][0], IDS[(*of["path"], of["kind"])], of["kind"]
    return None, "::".join([of["path"][0], of["path"][-1]]), of["kind"]


def exports(crate, id, prefix=""):
    """The names of a module with the crate, the id and the kind of what they stand for."""
    for id in item(crate, id)[2]["items"]:
        name, kind, inner = item(crate, id)
        if kind != "use":
            yield from exported(crate, id, kind, prefix, name)
            continue
        owner, id, kind = target(crate, inner["id"])
        if owner is None:
            if kind != "module":
                yield prefix + inner["name"], (None, id, kind)
            continue
        if inner["is_glob"] and kind == "module":
            yield from exports(owner, id, prefix)
        elif not inner["is_glob"]:
            yield from exported(owner, id, kind, prefix, inner["name"])


def exported(crate, id, kind, prefix, name):
    if kind != "module":
        yield prefix + name, (crate, id, kind)
    elif prefix != "prelude::" and prefix + name not in LEFT_OUT:
        yield from exports(crate, id, f"{prefix}{name}::")


# Types as text


def path(crate, of):
    return (of["path"] or DOCS[crate]["paths"][str(of["id"])]["path"][-1]).rpartition("::")[2] + arguments(crate, of["args"])


def arguments(crate, args):
    if not args:
        return ""
    if "parenthesized" in args:
        of = args["parenthesized"]
        return f"({', '.join(text(crate, t) for t in of['inputs'])})" + returns(crate, of["output"])
    of = args["angle_bracketed"]
    parts = [text(crate, a["type"]) if "type" in a else a["const"]["expr"] for a in of["args"] if a != "infer" and "lifetime" not in a]
    for constraint in of["constraints"]:
        (how, to), = constraint["binding"].items()
        parts.append(f"{constraint['name']} = {text(crate, to['type'])}" if how == "equality" else f"{constraint['name']}: {bounds(crate, to)}")
    return f"<{', '.join(parts)}>" if parts else ""


def returns(crate, output):
    return f" -> {text(crate, output)}" if output else ""


def bounds(crate, of):
    signs = {"none": "", "maybe": "?", "maybe_const": ""}
    return " + ".join(signs[b["modifier"]] + path(crate, b["trait"]) for b in (b.get("trait_bound") for b in of) if b)


def text(crate, of):
    if isinstance(of, str):
        return "_"
    (kind, of), = of.items()
    if kind == "resolved_path":
        return path(crate, of)
    if kind in ("generic", "primitive"):
        return "!" if of == "never" else of
    if kind == "borrowed_ref":
        inner = text(crate, of["type"])
        return "&" + ("mut " if of["is_mutable"] else "") + (f"({inner})" if inner.startswith(("dyn ", "impl ")) and " + " in inner else inner)
    if kind == "tuple":
        return f"({', '.join(text(crate, t) for t in of)}{',' * (len(of) == 1)})"
    if kind == "slice":
        return f"[{text(crate, of)}]"
    if kind == "array":
        return f"[{text(crate, of['type'])}; {of['len']}]"
    if kind == "impl_trait":
        return "impl " + bounds(crate, of)
    if kind == "dyn_trait":
        return "dyn " + " + ".join(path(crate, t["trait"]) for t in of["traits"])
    if kind == "qualified_path":
        return f"{text(crate, of['self_type'])}::{of['name']}"
    if kind == "function_pointer":
        return f"fn({', '.join(text(crate, t) for _, t in of['sig']['inputs'])})" + returns(crate, of["sig"]["output"])
    raise ValueError(f"no text for the type {kind}")


# Entries


def generics(crate, *of):
    found = {}
    for generics in of:
        for p in generics["params"]:
            kind = p["kind"].get("type")
            if kind and not kind["is_synthetic"]:
                found[p["name"]] = bounds(crate, kind["bounds"])
        for where in generics["where_predicates"]:
            if where := where.get("bound_predicate"):
                name = text(crate, where["type"])
                found[name] = " + ".join(filter(None, [found.get(name), bounds(crate, where["bounds"])]))
    found = {name: text for name, text in found.items() if text}
    return {"generics": found} if found else {}


def method(crate, inner, *of_impl):
    inputs, output = inner["sig"]["inputs"], inner["sig"]["output"]
    receiver = None
    if inputs and inputs[0][0] == "self":
        receiver = {"Self": "self", "&Self": "&self", "&mut Self": "&mut self"}.get(text(crate, inputs[0][1]), "self: " + text(crate, inputs[0][1]))
        inputs = inputs[1:]
    entry = {"args": [[name, text(crate, of)] for name, of in inputs], "self": receiver}
    return entry | ({"returns": text(crate, output)} if output else {}) | generics(crate, *of_impl, inner["generics"])


def of_type(crate, inner, alias=None):
    """What a struct or an enum has. Methods of one filling of its letters, as of `Named<dyn Layer>`, are those of an alias for that."""
    entry, methods = {}, {}
    for id in inner["impls"]:
        inner = item(crate, id)[2]
        if inner["is_synthetic"] or inner["blanket_impl"] or (text(crate, inner["for"]) if filled(inner["for"]) else None) != alias:
            continue
        for part in inner["items"]:
            name, kind, of = item(crate, part)
            if inner["trait"] is None and kind == "function":
                methods[name] = method(crate, of, inner["generics"])
            elif inner["trait"] and inner["trait"]["path"].endswith("Deref") and kind == "assoc_type":
                entry["deref"] = text(crate, of["type"])
    if "new" in methods and methods["new"]["self"] is None:
        new = methods.pop("new")
        entry["new"] = new["args"]
        entry |= {"new_returns": new["returns"]} if new["returns"] != "Self" else {}
        entry |= {"generics": new["generics"]} if "generics" in new else {}
    return entry | {"methods": dict(sorted(methods.items()))}


def filled(of):
    args = (of["resolved_path"]["args"] or {}).get("angle_bracketed", {"args": []})["args"] if "resolved_path" in of else []
    return any("type" in a and "generic" not in a["type"] for a in args)


def entry_of(crate, id, kind):
    """`None` for what has no entry: macros and constants."""
    inner = item(crate, id)[2]
    if kind == "function":
        of = method(crate, inner)
        return {"fn": of.pop("args")} | {key: of[key] for key in ["returns", "generics"] if key in of}
    if kind in ("struct", "enum"):
        return {"type": True} | of_type(crate, inner)
    if kind == "trait":
        parts = sorted((name, of) for name, kind, of in (item(crate, part) for part in inner["items"]) if kind == "function")
        return {"trait": True, "methods": {name: method(crate, of) for name, of in parts}}
    if kind == "type_alias":
        entry = {"alias": text(crate, inner["type"])} | generics(crate, inner["generics"])
        if "resolved_path" in inner["type"]:
            owner, id, kind = target(crate, inner["type"]["resolved_path"]["id"])
            if owner and kind in ("struct", "enum") and filled(inner["type"]):
                entry |= of_type(owner, item(owner, id)[2], entry["alias"])
        return entry
    return None


# The first name of an item is its own, outside of the prelude and of data, which are no modules of Keras, with the fewest parts.
found = {}
for name, of in exports("candle_keras", DOCS["candle_keras"]["root"]):
    found.setdefault(of, set()).add(name)

entries = {}
for (crate, id, kind), names in found.items():
    own = crate and item(crate, id)[0]
    names = sorted(names, key=lambda name: (name.rpartition("::")[2] != own, name.startswith(("prelude::", "data::")), name.count("::"), len(name), name))
    if crate is None:
        added = {name: {"is": id} for name in names}
    elif entry := entry_of(crate, id, kind):
        added = {names[0]: entry} | {name: {"is": names[0]} for name in names[1:]}
    else:
        print("left out:", kind, *names)
        continue
    for name in added.keys() & entries.keys():
        print("two items:", name)
    entries |= added

with open(PATH, "w") as out:
    lines = (f"{json.dumps(name)}:{json.dumps(entry, separators=(',', ':'))}" for name, entry in sorted(entries.items()))
    out.write("{\n" + ",\n".join(lines) + "\n}\n")
print(f"{len(entries)} names")
