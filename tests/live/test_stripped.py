"""Scripts and styles without what only people need: the same tokens, and nothing that a statement needs is gone."""
from importlib.resources import files

import pytest

from toolkit.live.runtime import runtime_script, simulation_script
from toolkit.live.stripped import script_tokens, stripped_script, stripped_styles

ASSETS = files("toolkit.live") / "assets"
SCRIPTS = sorted(path for path in ASSETS.rglob("*.js"))


def code(text):
    return [token for token in script_tokens(text) if token[0] not in ("space", "comment")]


@pytest.mark.parametrize("path", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_a_script_keeps_its_tokens(path):
    text = path.read_text("utf-8")
    stripped = stripped_script(text)
    assert code(stripped) == code(text)
    assert not [token for token in script_tokens(stripped) if token[0] == "comment"]
    assert len(stripped) < len(text)


@pytest.mark.parametrize("source, stripped", [
    ("let a = 1; // why\nlet b = 2;\n", "let a=1;let b=2;\n"),
    ("a = b /* c */ / d / e;", "a=b/d/e;\n"),
    ("x = y.match(/[/\"]\\/ */g) ?? 1 / 2;", 'x=y.match(/[/"]\\/ */g)??1/2;\n'),
    ("return /a b/.test(c)", "return /a b/.test(c)\n"),
    ("if (/a/ in b) c = 1 .d", "if(/a/ in b)c=1 .d\n"),
    ("s = `a  ${ b + `${c }  //` } /* d */`;", "s=`a  ${ b + `${c }  //` } /* d */`;\n"),
    ('s = "//  a" + \'/* b */\';', 's="//  a"+\'/* b */\';\n'),
    ("a = b + +c - -d + ++e - --f", "a=b+ +c- -d+ ++e- --f\n"),
    ("const a = () => 1\nlet b\n++c\nreturn\n(d)", "const a=()=>1\nlet b\n++c\nreturn\n(d)\n"),
    ("a = {\n  b,\n  c: 1,\n}\nd()", "a={b,c:1,}\nd()\n"),
    ("a\n  .b()\n  ?? c;\nclass D {\n  static e = 1;\n  get f() { return 2; }\n}\n",
     "a.b()??c;class D{static e=1;get f(){return 2;}}\n"),
])
def test_spaces_and_breaks_stay_where_they_matter(source, stripped):
    assert stripped_script(source) == stripped


def test_styles_keep_texts_and_lose_spaces():
    source = '/* a: b */\na > b, c:hover :is(d, e) {\n  color: red; content: "x:  y" / "";\n}\n' \
             "@media (max-width: 3px) { p { width: calc(1px + 2 * var(--x)); } }\n"
    assert stripped_styles(source) == ('a > b,c:hover :is(d,e){color:red;content:"x:  y" / ""}\n'
                                       "@media (max-width: 3px){p{width:calc(1px + 2 * var(--x))}}\n")


def test_pages_load_less_than_the_sources():
    runtime = [path for path in SCRIPTS if path.is_relative_to(ASSETS / "runtime") and path.parent.name != "embed"]
    assert len(runtime_script().encode()) < 0.8 * sum(len(path.read_bytes()) for path in runtime)
    assert len(simulation_script()) < 0.7 * len((ASSETS / "simulation.js").read_bytes())
