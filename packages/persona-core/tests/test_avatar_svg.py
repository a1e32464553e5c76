"""An SVG avatar is a drawing that does nothing and fetches nothing."""

import base64
import time
from pathlib import Path

import pytest

from persona.core import AvatarError, avatar_data_uri
from persona.core._avatar_svg import UnsafeSvg, check_svg, is_svg

NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(inside: str, more: str = "") -> bytes:
    return f"<svg {NS} {more}>{inside}</svg>".encode()


GOOD = {
    "shape": svg('<circle cx="5" cy="5" r="5" fill="#e3e8f0" transform="rotate(45 5 5)"/>'),
    "gradient": svg(
        '<defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs>'
        '<rect fill="url(#g)" style="filter: url(\'#f\'); fill: rgb(1,2,3)"/>'
    ),
    "use": svg('<g id="a"/><use xlink:href="#a"/><use href="#a"/>'),
    "style": svg("<style>.a { fill: red } .b { clip-path: url(#c) }</style>"),
    "raster inside": svg('<image href="data:image/png;base64,iVBORw0KGgo="/>'),
    "moving": svg('<circle><animate attributeName="r" values="1;2" dur="1s"/></circle>'),
    "editor's notes": (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<!-- Created by hand -->\n'
        f'<svg {NS} xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" inkscape:version="1.0 (x)">'
        '<metadata><rdf:RDF><dc:type rdf:resource="http://purl.org/dc/dcmitype/StillImage"/>'
        "</rdf:RDF></metadata><path inkscape:label='a' d='M 0 0'/></svg>"
    ).encode(),
    "mark of byte order": b"\xef\xbb\xbf" + svg(""),
    "prefix": b'<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:circle r="1"/></s:svg>',
}

BAD = {
    "script": svg("<script>x</script>"),
    "script in capitals": svg("<SCRIPT>x</SCRIPT>"),
    "script with a prefix": svg('<s:script xmlns:s="http://www.w3.org/2000/svg"/>'),
    "html": svg('<x:iframe xmlns:x="http://www.w3.org/1999/xhtml" src="https://x.org"/>'),
    "event": svg('<circle onload="x()"/>'),
    "event in capitals": svg('<circle ONLOAD="x()"/>'),
    "event with a prefix": svg('<circle xlink:onload="x()"/>'),
    "import": svg("<style>@import 'https://x.org/a.css';</style>"),
    "import behind a comment": svg("<style>.a{content:'/*'} @import 'a.css'; .b{x:'*/'}</style>"),
    "import in data": svg("<style><![CDATA[@import 'a.css';]]></style>"),
    "import in entities": svg("<style>&#64;import 'a.css';</style>"),
    "escaped": svg(r"<style>.a { fill: \75rl(https://x.org) }</style>"),
    "address in style": svg("<style>.a { fill: url(https://x.org/a.png) }</style>"),
    "address in an attribute": svg('<rect style="fill: URL(//x.org/a.png)"/>'),
    "address as fill": svg("<rect fill=\"url('https://x.org/a.svg#g')\"/>"),
    "data as fill": svg('<rect fill="url(data:image/svg+xml;base64,AAAA)"/>'),
    "font": svg("<style>@font-face { src: url(#a) }</style>"),
    "set of images": svg("<rect style=\"fill: image-set('https://x.org/a.png' 1x)\"/>"),
    "use": svg('<use href="https://x.org/a.svg#b"/>'),
    "use with data": svg('<use xlink:href="data:image/svg+xml;base64,AAAA#a"/>'),
    "image": svg('<image href="https://x.org/a.png"/>'),
    "image in capitals": svg('<IMAGE HREF="https://x.org/a.png"/>'),
    "image of a file": svg('<image xlink:href="file:///etc/passwd"/>'),
    "image with an image": svg('<image href="data:image/svg+xml;base64,AAAA"/>'),
    "filter": svg('<filter><feImage href="//x.org/a.png"/></filter>'),
    "link": svg('<a href="https://x.org"><circle/></a>'),
    "script in a link": svg('<a href=" java&#10;script:x()"><circle/></a>'),
    "moving link": svg('<a><animate attributeName="href" to="https://x.org"/></a>'),
    "moving xlink": svg('<a><set attributeName="xlink:href" to="https://x.org"/></a>'),
    "base": svg('<g xml:base="https://x.org/"><use href="#a"/></g>'),
    "doctype": f'<!DOCTYPE svg SYSTEM "https://x.org/a.dtd"><svg {NS}/>'.encode(),
    "entity": f'<!DOCTYPE svg [<!ENTITY a "b">]><svg {NS}>&a;</svg>'.encode(),
    "style sheet": f'<?xml-stylesheet href="https://x.org/a.css"?><svg {NS}/>'.encode(),
    "style sheet inside": svg('<?xml-stylesheet href="https://x.org/a.css"?>'),
    "two bytes a letter": f"<svg {NS}><script/></svg>".encode("utf-16"),
    "said to be in two": f'<?xml version="1.0" encoding="utf-16"?><svg {NS}/>'.encode(),
    "other letters": f'<?xml version="1.0" encoding="iso-2022-jp"?><svg {NS}/>'.encode(),
    "seven bits": b'<?xml version="1.0" encoding="utf-7"?><svg>+ADw-script/+AD4-</svg>',
    "not UTF-8": b"<svg " + NS.encode() + b">\xff\xfe</svg>",
    "not closed": b"<svg " + NS.encode() + b"><circle>",
    "foreign object": svg("<foreignObject/>"),
    "binding": svg('<rect style="-moz-binding: url(#a)"/>'),
}


@pytest.mark.parametrize("name", GOOD)
def test_mere_drawing_is_taken(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.svg").write_bytes(GOOD[name])
    uri = avatar_data_uri("a.svg", [tmp_path])
    assert uri == f"data:image/svg+xml;base64,{base64.b64encode(GOOD[name]).decode()}"


@pytest.mark.parametrize("name", BAD)
def test_what_does_or_fetches_something_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.svg").write_bytes(BAD[name])
    with pytest.raises(AvatarError):
        avatar_data_uri("a.svg", [tmp_path])
    encoded = base64.b64encode(BAD[name]).decode()
    for head in ("image/svg+xml", "image/svg+xml;charset=utf-16", "image/svg+xml;charset=utf-7"):
        with pytest.raises(AvatarError):
            avatar_data_uri(f"data:{head};base64,{encoded}", [])


def test_character_set_of_a_data_uri_does_not_count() -> None:
    plain = base64.b64encode(GOOD["shape"]).decode()
    uri = avatar_data_uri(f"data:image/svg+xml;charset=utf-7;base64,{plain}", [])
    assert uri == f"data:image/svg+xml;base64,{plain}"


def test_many_comments_before_the_drawing_cost_no_time() -> None:
    started = time.perf_counter()
    assert not is_svg(b"<!---->" * 5_000 + b"<sv")
    with pytest.raises(UnsafeSvg):
        check_svg(b"<svg>" + b"<g>" * 15_000)
    assert time.perf_counter() - started < 2


def test_address_with_a_password_is_refused() -> None:
    with pytest.raises(AvatarError, match="password"):
        avatar_data_uri("https://ada:secret@x.org/a.png", [])
