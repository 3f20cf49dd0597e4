"""Files that attack whoever reads them: entities, encodings, bombs, and packing."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
import zlib

from elmo_case import LIMIT, attack, genuine, signature, swap
from signing_material import ELMO, foreign_sign

_DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>'


def _with_type(subset: str, inside: str = "x", root: str = "elmo") -> bytes:
    """A file with a document type, signed as whoever expands its entities would see it."""
    return f'<?xml version="1.0"?><!DOCTYPE {root} {subset}><elmo xmlns="{ELMO}">{inside}{signature()}</elmo>'.encode()


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(9))
for _name, _make in {
    "a billion laughs": lambda: _with_type(f"[{_LAUGHS}]", "&l8;"),
    "one long entity, often": lambda: _with_type(f'[<!ENTITY a "{"x" * 50000}">]', "&a;" * 20000),
    "an entity that holds itself": lambda: _with_type(
        '[<!ENTITY a "&b;"><!ENTITY b "&a;">]', "&a;"
    ),
    "a file": lambda: _with_type('[<!ENTITY a SYSTEM "file:///etc/passwd">]', "&a;"),
    "an address": lambda: _with_type('[<!ENTITY a SYSTEM "http://127.0.0.1:1/">]', "&a;"),
    "a device": lambda: _with_type('[<!ENTITY a SYSTEM "file:///dev/zero">]', "&a;"),
    "a public identifier": lambda: _with_type('PUBLIC "-//X//Y" "http://127.0.0.1:1/x.dtd"'),
    "an external subset": lambda: _with_type('SYSTEM "http://127.0.0.1:1/x.dtd"'),
    "a parameter entity": lambda: _with_type('[<!ENTITY % p SYSTEM "http://127.0.0.1:1/p"> %p;]'),
    "a parameter entity that sends a file away": lambda: _with_type(
        '[<!ENTITY % f SYSTEM "file:///etc/hostname"><!ENTITY % s SYSTEM "http://127.0.0.1:1/?%f;">%s;]'
    ),
    "a default attribute": lambda: _with_type('[<!ATTLIST report Id ID "x">]'),
    "an attribute that is an identifier": lambda: _with_type("[<!ATTLIST report a ID #IMPLIED>]"),
    "an unparsed entity": lambda: _with_type(
        '[<!NOTATION n SYSTEM "x"><!ENTITY a SYSTEM "y" NDATA n>]'
    ),
    "an empty one": lambda: _with_type(""),
    "one of another root": lambda: _with_type("", root="html"),
    "one after a comment": lambda: b"<!-- a --><!DOCTYPE elmo><elmo/>",
    "one after an instruction": lambda: _DECLARED + b"<?a b?>\n<!-- - --><!DOCTYPE elmo><elmo/>",
    "one after a byte order mark": lambda: b"\xef\xbb\xbf<!DOCTYPE elmo><elmo/>",
    "one in the genuine file": lambda: swap("<elmo ", "<!DOCTYPE elmo><elmo "),
}.items():
    attack(f"a document type: {_name}", "dtd", _make)

for _name, _make in {
    "UTF-16, little end first": lambda: genuine().decode().encode("utf-16"),
    "UTF-16, big end first": lambda: b"\xfe\xff" + genuine().decode().encode("utf-16-be"),
    "UTF-16 with a document type": lambda: "<!DOCTYPE elmo><elmo/>".encode("utf-16"),
    "Latin-1, declared": lambda: b'<?xml version="1.0" encoding="ISO-8859-1"?><elmo>\xe4</elmo>',
    "Latin-1, declared as UTF-8": lambda: _DECLARED + b"<elmo>V\xe4in\xf6</elmo>",
    "Latin-1, not declared": lambda: b"<elmo>V\xe4in\xf6</elmo>",
    "UTF-7": lambda: b'<?xml version="1.0" encoding="UTF-7"?><elmo>+ADw-a/+AD4-</elmo>',
    "an old code page": lambda: b'<?xml version="1.0" encoding="IBM037"?><elmo/>',
    "overlong letters": lambda: _DECLARED + b"<elmo>\xc0\xbc</elmo>",
    "half a pair": lambda: _DECLARED + b"<elmo>\xed\xa0\x80</elmo>",
    "a letter cut in two": lambda: _DECLARED + b"<elmo>\xe2\x82</elmo>",
}.items():
    attack(f"encoding: {_name}", "encoding", _make)

for _name, _make in {
    "not closed": lambda: genuine()[:-7],
    "cut in the signature": lambda: genuine()[:-900],
    "two roots": lambda: b"<elmo/><elmo/>",
    "something after the root": lambda: genuine() + b"forged",
    "crossed elements": lambda: b"<elmo><a><b></a></b></elmo>",
    "an unknown entity": lambda: b"<elmo>&nbsp;</elmo>",
    "a zero byte": lambda: swap(">Aino<", b">Ai\x00no<"),
    "a control character": lambda: swap(">Aino<", b">Ai\x0bno<"),
    "a control character by its number": lambda: swap(">Aino<", ">Ai&#11;no<"),
    "an attribute twice": lambda: swap("<report>", '<report a="1" a="2">'),
    "a prefix that is not declared": lambda: swap("<report>", "<report><x:y/>"),
    "a document type in small letters": lambda: b"<!doctype elmo><elmo/>",
    "a document type within": lambda: b"<elmo><!DOCTYPE elmo></elmo>",
    "HTML": lambda: b"<html><body><p>one<p>two</html>",
    "a declaration twice": lambda: _DECLARED + genuine(),
    "nothing but a declaration": lambda: _DECLARED,
    "nested beyond the parser's own bound": lambda: (
        b"<elmo>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</elmo>"
    ),
}.items():
    attack(f"not well-formed: {_name}", "malformed", _make)
attack("nested deeply", "depth", lambda: b"<elmo>" + b"<a>" * 450 + b"</a>" * 450 + b"</elmo>")
for _name, _make in {
    "many attributes": lambda: swap(
        "<report>", f"<report {' '.join(f'a{n}={chr(34) * 2}' for n in range(500))}>"
    ),
    "many namespaces": lambda: swap(
        "<report>",
        f"<report {' '.join(f'xmlns:n{n}={chr(34)}u:{n}{chr(34)}' for n in range(500))}>",
    ),
    "many elements": lambda: b"<elmo>" + b"<a>" * 650_000 + b"</elmo>",
    "many comments": lambda: b"<elmo>" + b"<!>" * 650_000 + b"</elmo>",
    "many equals signs": lambda: b"<elmo>" + b"=" * 400_000 + b"</elmo>",
}.items():
    attack(f"too much: {_name}", "size", _make)

# --- packing ----------------------------------------------------------------------------------

_OVER = b"<elmo>" + b" " * (4 * LIMIT) + b"</elmo>"


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("elmo.xml", genuine())
    return out.getvalue()


def _packed() -> bytes:
    return gzip.compress(genuine(), mtime=0)


for _name, _make in {
    "unpacks to too much": lambda: gzip.compress(_OVER, 9),
    "unpacks to too much, as the wire has it": lambda: base64.b64encode(gzip.compress(_OVER, 9)),
    "unpacks to too much, in many pieces": lambda: (
        gzip.compress(b"<a>" + b" " * (LIMIT // 8), 9) * 10
    ),
    "more pieces than anybody makes": lambda: gzip.compress(b"") * 1001,
    "too much as it is": lambda: b"<elmo>" + b" " * LIMIT + b"</elmo>",
    "too much in base64": lambda: base64.b64encode(b"<elmo>" + b" " * LIMIT + b"</elmo>"),
    "cut": lambda: _packed()[:-20],
    "a wrong checksum": lambda: _packed()[:-8] + bytes(8),
    "a changed byte": lambda: _packed()[:60] + bytes([_packed()[60] ^ 255]) + _packed()[61:],
    "something after the end": lambda: _packed() + b"forged",
    "base64 with a stranger's letter": lambda: base64.b64encode(_packed())[:-4] + b"!!!!",
    "base64 of an impossible length": lambda: base64.b64encode(_packed())[:400] + b"A",
    "base64 in base64": lambda: base64.b64encode(base64.b64encode(genuine())),
    "zlib without gzip": lambda: zlib.compress(genuine()),
    "zlib without gzip, in base64": lambda: base64.b64encode(zlib.compress(genuine())),
    "a ZIP archive": _zip,
    "JSON": lambda: b'{"elmo": "x"}',
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "blanks": lambda: b" \n\t",
}.items():
    attack(f"packing: {_name}", "envelope", _make)
attack("packing: gzip in gzip", "encoding", lambda: gzip.compress(_packed()))

attack(
    "signed, and no ELMO",
    "contents",
    lambda: foreign_sign(b'<elmo xmlns="urn:other"><report/></elmo>'),
)
