"""The command line: its commands, the files it reads, and what it says about bad ones."""
import html
import io
import json
import pickle
import re
import subprocess
import sys
import zipfile

import ml_dtypes
import numpy as np
import pytest

from toolkit.__main__ import COMMANDS, main
from toolkit.collapse import diagnose
from toolkit.commands.logits_file import read_array
from toolkit.commands.warm import GROUPS

LOGITS = np.array([[20.0, 0.0, -1.5], [1.0, 0.25, 0.0], [-30.0, 5.0, 0.0], [0.0, 0.0, 9.0]])
LABELS = np.array([0, 1, 1, 2])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("z.npy", LOGITS)
    np.save("y.npy", LABELS)
    return tmp_path


def said(capsys, *arguments):
    """Exit code, stdout and stderr of a command."""
    code = main(list(map(str, arguments)))
    return code, *capsys.readouterr()


def refused(capsys, *arguments):
    """The one line on stderr of a command that fails."""
    code, out, err = said(capsys, *arguments)
    assert code == 2 and out == "" and err.startswith("error: ") and err.count("\n") == 1 and len(err) < 300
    return err


# --- commands --------------------------------------------------------------------------------------------

def test_no_command_lists_commands(capsys):
    code, out, _ = said(capsys)
    assert code == 0 and all(name in out for name in COMMANDS)


def test_version_and_unknown_commands(capsys):
    from importlib.metadata import version
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0 and capsys.readouterr().out.split() == ["softmax-at-the-edge",
                                                                        version("softmax-at-the-edge")]
    with pytest.raises(SystemExit) as stop:
        main(["diagnoze"])
    assert stop.value.code == 2 and "diagnose" in capsys.readouterr().err


def test_diagnose_prints_the_report(folder, capsys):
    code, out, err = said(capsys, "diagnose", "z.npy", "--labels", "y.npy")
    assert code == 0 and err == "" and out == repr(diagnose(LOGITS, LABELS)) + "\n"
    code, out, _ = said(capsys, "diagnose", "z.npy", "--formats", "e5m10, bfloat16", "--order", "pairwise")
    assert out == repr(diagnose(LOGITS, formats=["float16", "bfloat16"], order="pairwise")) + "\n"


def test_diagnose_prints_json(folder, capsys):
    code, out, _ = said(capsys, "diagnose", "z.npy", "--labels", "y.npy", "--json")
    assert code == 0 and json.loads(out) == diagnose(LOGITS, LABELS).to_dict()


def test_warm(capsys):
    code, out, _ = said(capsys, "warm", "--list")
    assert code == 0 and all(f"\n{name} " in f"\n{out}" for name in GROUPS)
    code, out, err = said(capsys, "warm", "diagnose", "--quiet")
    assert (code, err) == (0, "") and re.match(r"diagnose: ready after \d+ s\n\d+ files, \d+ MB, are kept in .", out)
    assert "no group is called 'softmaxes'; allowed: softmax, losses" in refused(capsys, "warm", "softmaxes")
    assert "--jobs is 0" in refused(capsys, "warm", "--jobs", "0")


def test_formats_prints_a_table(capsys):
    code, out, _ = said(capsys, "formats")
    rows = [line.split() for line in out.splitlines()]
    table = {row[0]: row[1:] for row in rows if row}
    assert code == 0 and table["float32"][-3:] == ["16.636", "18.833", "21.354"]
    assert table["float16"][:5] == ["1+5+10", "65504", "6.1035e-05", "5.9605e-08", "2^-11"]
    assert {"float64", "bfloat16", "float8_e4m3fn", "float8_e5m2"} < set(table)
    _, out, _ = said(capsys, "formats", "--formats", "e6m9,float32", "--classes", "113", "--order=pairwise")
    assert "e6m9" in out and "20.661" in out and "float16" not in out


@pytest.mark.parametrize("arguments, message", [
    (["formats", "--classes", "1"], "classes is 1; allowed: at least 2"),
    (["formats", "--classes", "many"], "--classes is 'many'"),
    (["formats", "--formats", "half"], "format is 'half'"),
    (["formats", "--order", "none"], "order is 'none'"),
    (["diagnose", "z.npy", "--formats", "float17"], "format is 'float17'"),
    (["diagnose", "z.npy", "--formats", ","], "formats is empty"),
    (["diagnose", "z.npy", "--order", "none"], "order is 'none'; allowed: 'sequential', 'pairwise'"),
])
def test_bad_arguments(folder, capsys, arguments, message):
    assert message in refused(capsys, *arguments)


def test_as_a_process(folder):
    command = [sys.executable, "-W", "error", "-m", "toolkit", "diagnose"]
    good = subprocess.run([*command, "z.npy", "--labels", "y.npy"], capture_output=True, text=True)
    assert good.returncode == 0 and good.stderr == "" and good.stdout.startswith("Softmax Collapse")
    bad = subprocess.run([*command, "missing.npy"], capture_output=True, text=True)
    assert bad.returncode == 2 and bad.stdout == "" and bad.stderr == "error: missing.npy: no such file\n"


def test_a_reader_that_has_seen_enough(folder):
    """As ``| head``: no traceback when nobody reads what is printed."""
    command = [sys.executable, "-W", "error", "-m", "toolkit", "diagnose", "z.npy"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == "" and process.wait() == 0


# --- good files ------------------------------------------------------------------------------------------

def test_npy_is_mapped_and_npz_read_by_key(folder, capsys):
    assert isinstance(read_array("z.npy"), np.memmap)
    np.savez("one.npz", LOGITS)
    np.savez_compressed("two.npz", logits=LOGITS, labels=LABELS)
    assert np.array_equal(read_array("one.npz"), LOGITS)
    assert np.array_equal(read_array(folder / "two.npz", "labels"), LABELS)
    _, out, _ = said(capsys, "diagnose", "two.npz", "--key", "logits", "--labels-key", "labels")
    assert out == repr(diagnose(LOGITS, LABELS)) + "\n"
    _, out, _ = said(capsys, "diagnose", "z.npy", "--labels", "two.npz", "--labels-key", "labels")
    assert out == repr(diagnose(LOGITS, LABELS)) + "\n"


@pytest.mark.parametrize("text, name", [
    ("20,0,-1.5\n1,0.25,0\n-30,5,0\n0,0,9\n", "z.csv"),
    ("a,b,c\n20,0,-1.5\n1,0.25,0\n-30,5,0\n0,0,9", "z.csv"),
    ("0,1,2\r\n20,0,-1.5\r\n1,0.25,0\r\n-30,5,0\r\n0,0,9\r\n", "z.csv"),
    ('\ufeff"0";"1";"2"\n20;0;-1,5\n1;0,25;0\n\n-30;5;0\n0;0;9\n', "z.csv"),
    ("20\t0\t-1.5\n1\t0.25\t0\n-3e1\t5\t0\n0\t0\t9\n", "z.tsv"),
    (" 20 0  -1.5\n1 0.25 0\n-3.0e+01 5 0 \n0 0 9\n", "z.txt"),
    (" 20, 0, -1.5\n1 ,.25,0\n-30,5.,+0\n0,0,9\n", "Z.CSV"),
])
def test_tables_of_text(folder, text, name):
    (folder / name).write_bytes(text.encode())
    assert np.array_equal(read_array(name), LOGITS)


def test_text_keeps_infinities_and_labels_may_be_a_column_or_a_line(folder, capsys):
    (folder / "z.csv").write_text("1,-inf,nan\n")
    assert np.array_equal(read_array("z.csv"), [[1, -np.inf, np.nan]], equal_nan=True)
    for text in ("0\n1\n1\n2\n", "label\n0\n1\n1\n2\n", "0,1,1,2\n", "0.0\n1.0\n1.0\n2.0\n"):
        (folder / "y.csv").write_text(text)
        _, out, _ = said(capsys, "diagnose", "z.npy", "--labels", "y.csv")
        assert out == repr(diagnose(LOGITS, LABELS)) + "\n"


def test_other_shapes_and_dtypes(folder, capsys):
    for logits, rows in ((LOGITS[0], 1), (LOGITS.reshape(2, 2, 3), 4), (LOGITS.astype("f2"), 4),
                         (LOGITS.astype(int), 4), (LOGITS[:0], 0), (LOGITS.astype(">f4"), 4)):
        np.save("other.npy", logits)
        code, out, _ = said(capsys, "diagnose", "other.npy", "--json")
        report = json.loads(out)
        assert code == 0 and (report["rows"], report["classes"]) == (rows, 3)
    np.save("deep.npy", LOGITS.reshape(2, 2, 3))
    np.save("square.npy", LABELS.reshape(2, 2))
    for labels in ("y.npy", "square.npy"):
        assert said(capsys, "diagnose", "deep.npy", "--labels", labels)[0] == 0


def test_rows_to_ignore_and_other_habits(folder, capsys):
    np.save("ignored.npy", np.where(np.arange(4) == 2, -100, LABELS))
    code, out, _ = said(capsys, "diagnose", "z.npy", "--labels", "ignored.npy", "--ignore-index", "-100", "--json")
    assert code == 0 and json.loads(out)["rows"] == 3 and json.loads(out)["ignored_rows"] == 1
    assert "named by ignore_index (--ignore-index)" in refused(capsys, "diagnose", "z.npy", "--labels", "ignored.npy")
    np.savez("all.npz", logits=LOGITS, labels=np.eye(3)[LABELS], names=["a"])
    _, out, _ = said(capsys, "diagnose", "all.npz", "--labels", "all.npz")
    assert out == repr(diagnose(LOGITS, LABELS)) + "\n"


def test_bits_that_npy_files_cannot_name(folder, capsys):
    brain = LOGITS.astype(ml_dtypes.bfloat16)
    expected = repr(diagnose(brain)) + "\n"
    for name, kept in (("bits.npy", brain.view(np.uint16)), ("swapped.npy", brain.view(np.uint16).astype(">u2")),
                       ("signed.npy", brain.view(np.int16)), ("unnamed.npy", brain)):
        np.save(name, kept)
        assert said(capsys, "diagnose", name, "--dtype", "bfloat16")[1] == expected
    assert "say --dtype bfloat16" in said(capsys, "diagnose", "bits.npy")[2]
    small = LOGITS.astype(ml_dtypes.float8_e4m3fn)
    np.save("small.npy", small)
    assert said(capsys, "diagnose", "small.npy", "--dtype", "float8_e4m3fn")[1] == repr(diagnose(small)) + "\n"
    assert "allowed for bits of bfloat16: integers of 2 bytes" in refused(capsys, "diagnose", "z.npy", "--dtype",
                                                                          "bfloat16")
    assert "format is 'float99'" in refused(capsys, "diagnose", "bits.npy", "--dtype", "float99")


@pytest.mark.parametrize("name", ["z.npy", "z.npz", "z.csv"])
def test_a_damaged_file_is_read_or_refused_in_one_line(folder, capsys, name):
    whole = {"z.npy": npy_bytes(LOGITS), "z.npz": npz_bytes(logits=LOGITS, other=LABELS),
             "z.csv": b"a,b\n1,2\n3.5,-4\n"}[name]
    rng = np.random.default_rng(0)
    for _ in range(150):
        content = bytearray(whole)
        for at in rng.integers(0, min(len(content), 400), rng.integers(1, 4)):
            content[at] = rng.integers(256)
        (folder / name).write_bytes(content[:rng.integers(1, len(content) + 1)] if rng.random() < 0.3 else content)
        code, out, err = said(capsys, "diagnose", name)
        assert (code == 0 and out) or (code == 2 and err.count("\n") == 1 and len(err) < 400), bytes(content)


@pytest.mark.parametrize("text", [
    "id,label,0,1,2\na b,0,20,0,-1.5\nc,1,1,.25,0\nd,1,-30,5,0\ne,2,0,0,9\n",
    "cat;label;dog;bird;index\n20;0;0;-1,5;7\n1;1;0,25;0;7\n-30;1;5;0;7\n0;2;0;9;7\n"])
def test_columns_of_a_table(folder, capsys, text, monkeypatch):
    """Those that are called as no logits are, are told and left out; one of them may hold the labels."""
    monkeypatch.setattr("toolkit.collapse.diagnosis.CHUNK", 10)
    (folder / "t.csv").write_text(text)
    whole = repr(diagnose(LOGITS, LABELS)) + "\n"
    _, out, err = said(capsys, "diagnose", "t.csv", "--labels", "label")
    assert out == whole and err.count("\n") == 1 and ("id;" in err or "index;" in err)
    _, out, err = said(capsys, "diagnose", "t.csv", "--labels", "y.npy")
    assert out == whole and "label" in err
    logits = "3-5" if text.startswith("id") else "cat,dog,4"
    for option in (("--columns", logits), ("--ignore", "id" if text.startswith("id") else "5,label")):
        assert said(capsys, "diagnose", "t.csv", "--labels", "label", *option) == (0, whole, "")
    assert "no column 'bear'; allowed: names such as" in refused(capsys, "diagnose", "t.csv", "--columns", "bear")
    assert "allowed: names such as" in refused(capsys, "diagnose", "t.csv", "--columns", "2-9")
    (folder / "t.csv").write_text(text.replace("9", "nine"))
    err = said(capsys, "diagnose", "t.csv", "--columns", logits)[2]
    assert re.fullmatch(r"error: t.csv: line 5, field [45]: 'nine' is not a number\n", err)
    assert "only text files have columns" in refused(capsys, "diagnose", "z.npy", "--columns", "1")
    (folder / "t.csv").write_text(text.replace("e,2,", "e,3,").replace("0;2;", "0;3;"))
    assert "labels[3] is 3.0; allowed: 0 to 2" in refused(capsys, "diagnose", "t.csv", "--labels", "label",
                                                          "--columns", logits)


def test_a_report_is_one_file_that_asks_for_nothing(folder, capsys):
    code, out, err = said(capsys, "diagnose", "z.npy", "--labels", "y.npy", "--report", "r.html")
    text = (folder / "r.html").read_text("utf-8")
    assert code == 0 and out == repr(diagnose(LOGITS, LABELS)) + "\n" and err == "r.html holds the report\n"
    assert all(html.escape(part) in text for each in diagnose(LOGITS, LABELS) for part in each.sentence.split("; "))
    assert text.count("<svg class=\"live-wide") == 2 and "exactly 1" in text
    assert not re.search(r"https?://(?!www\.w3\.org)|<script|<link|@import|url\(", text)
    assert sorted(path.name for path in folder.iterdir()) == ["r.html", "y.npy", "z.npy"]
    for options in ([], ["--formats", "e6m9"]):
        assert said(capsys, "diagnose", "z.npy", *options, "--report", "r.html")[0] == 0


@pytest.mark.parametrize("arguments", [("diagnose", "z.npy", "--report"), ("grok", "--steps", "1", "--out"),
                                       ("paper", "figure1", "--out")])
def test_a_file_of_another_kind_is_not_written(folder, capsys, arguments):
    for name, message in (("y.txt", "'y.txt'; allowed: a name that ends in ."), ("no/y{}", "there is no folder 'no'")):
        ending = {"grok": ".npz", "diagnose": ".html", "paper": ".svg"}[arguments[0]]
        assert message in refused(capsys, *arguments, name.format(ending))


def test_ctrl_c_says_what_was_read(folder, capsys, monkeypatch):
    from toolkit.collapse.diagnosis import Counting
    add = Counting.add

    def add_and_stop(self, logits, targets):
        if self.rows == 2:
            raise KeyboardInterrupt
        add(self, logits, targets)

    monkeypatch.setattr(Counting, "add", add_and_stop)
    monkeypatch.setattr("toolkit.collapse.diagnosis.CHUNK", 3)
    assert said(capsys, "diagnose", "z.npy", "--formats", "float32,float16") == (
        130, "", "interrupted after 2 of 4 rows; of these collapse: float32 50.0 %, float16 50.0 %\n")


def test_threads(folder, capsys):
    assert said(capsys, "diagnose", "z.npy", "--threads", "1")[1] == repr(diagnose(LOGITS)) + "\n"
    assert "--threads is 0; allowed: 1 to " in refused(capsys, "diagnose", "z.npy", "--threads", "0")


# --- bad files -------------------------------------------------------------------------------------------

def npy_bytes(array, **keywords):
    file = io.BytesIO()
    np.save(file, array, **keywords)
    return file.getvalue()


def npz_bytes(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def zip_bytes():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.md", "words")
    return file.getvalue()


OBJECTS = np.array([{}, 1], dtype=object)
LONGER = npy_bytes(np.zeros(2)).replace(b"(2,), }", b"(9,), }")
BAD_FILES = [
    ("z.npy", b"", "the file is empty"),
    ("z.npy", npy_bytes(LOGITS)[:150], "the file is cut short"),
    ("z.npy", npy_bytes(LOGITS)[:40], "the file is cut short"),
    ("z.npy", LONGER, "the file is cut short"),
    ("z.npy", b"hello, world", "not an npy file"),
    ("z.npy", pickle.dumps([1, 2]), "not an npy file"),
    ("z.npy", npz_bytes(a=LOGITS), "not an npy file"),
    ("z.npy", npy_bytes(OBJECTS, allow_pickle=True), "it holds Python objects, which are never loaded"),
    ("z.npy", npy_bytes(LOGITS.astype(ml_dtypes.bfloat16)), "save them as float32"),
    ("z.npy", npy_bytes(np.array(["a"])), "it holds <U1; allowed: numbers"),
    ("z.npy", npy_bytes(LOGITS + 1j), "it holds complex128; allowed: numbers"),
    ("z.npy", npy_bytes(np.zeros(3, [("a" * 200, "f4"), ("b" * 200, "f4")])), "it holds records; allowed: numbers"),
    ("z.npy", npy_bytes(np.zeros(3, "M8[s]")), "it holds datetime64[s]; allowed: numbers"),
    ("z.npy", npy_bytes(np.zeros((3, 2), np.longdouble)), "logits has dtype"),
    ("z.npy", npy_bytes(np.float64(3)), "logits is a single number"),
    ("z.npy", npy_bytes(np.zeros((3, 0))), "no class along axis 1"),
    ("z.npz", b"", "the file is empty"),
    ("z.npz", b"PK\x03\x04 and no more", "not an npz file, or cut short"),
    ("z.npz", npz_bytes(a=LOGITS)[:300], "not an npz file, or cut short"),
    ("z.npz", zip_bytes(), "not an npz file, but another zip archive"),
    ("z.npz", npz_bytes(a=LOGITS, b=LABELS), "it holds 2 arrays (a, b); name one by its key"),
    ("z.npz", npz_bytes(), "it holds 0 arrays"),
    ("z.npz", npz_bytes(a=OBJECTS), "it holds Python objects, which are never loaded"),
    ("z.csv", b"", "the file is empty"),
    ("z.csv", b"\n \n", "the file is empty"),
    ("z.csv", b"a,b,c\n", "nothing below the line of names"),
    ("z.csv", b"1,2\n3,four\n", "line 2, field 2: 'four' is not a number"),
    ("z.csv", b"a,b\n\n1,2\n3,\n", "line 4, field 2: '' is not a number"),
    ("z.csv", b"1,b\n3,4\n", "line 1, field 2: 'b' is not a number"),
    ("z.csv", b"1,2\n3\n", "line 2 has 1 fields, but line 1 has 2"),
    ("z.csv", b"id,label\n0,1\n", "no column of logits is left"),
    ("z.txt", b"1 2\n3 4|5\n", "line 2, field 2: '4|5' is not a number"),
    ("z.csv", b"\xff\xfe1\x00,\x002\x00", "not a text file in UTF-8"),
    ("z.csv", npy_bytes(LOGITS), "not a text file in UTF-8"),
    ("z.pt", npy_bytes(LOGITS), "the extension is .pt; allowed: .npy, .npz, .csv"),
    ("z", npy_bytes(LOGITS), "the extension is missing; allowed: .npy"),
]


@pytest.mark.parametrize("name, content, message", BAD_FILES, ids=[f"{n}-{m[:34]}" for n, _, m in BAD_FILES])
def test_bad_files(folder, capsys, name, content, message):
    (folder / name).write_bytes(content)
    assert message in refused(capsys, "diagnose", name)


def test_nothing_is_unpickled(folder, capsys):
    class Trap:
        def __reduce__(self):
            return open, ("sprung", "w")

    trap = np.array([Trap()], dtype=object)
    (folder / "z.npy").write_bytes(npy_bytes(trap, allow_pickle=True))
    (folder / "z.npz").write_bytes(npz_bytes(a=trap))
    for name in ("z.npy", "z.npz"):
        assert "never loaded" in refused(capsys, "diagnose", name)
    assert not (folder / "sprung").exists()


def test_bad_paths_and_keys(folder, capsys):
    assert "none.npy: no such file" in refused(capsys, "diagnose", "none.npy")
    (folder / "d.npy").mkdir()
    assert "d.npy: not a file" in refused(capsys, "diagnose", "d.npy")
    (folder / "two.npz").write_bytes(npz_bytes(a=LOGITS, b=LABELS))
    assert "key is 'c'; allowed: a, b" in refused(capsys, "diagnose", "two.npz", "--key", "c")
    assert "only an npz file has keys" in refused(capsys, "diagnose", "z.npy", "--key", "c")


@pytest.mark.parametrize("labels, message", [
    ([0, 1], "labels has shape (2,); allowed: one label for each of the 4 rows of logits, (4,)"),
    ([[0, 1], [1, 2]], "labels has shape (2, 2)"),
    ([0, 1, 1, 3], "labels[3] is 3; allowed: 0 to 2"),
    ([0, -100, 1, 2], "labels[1] is -100; allowed: 0 to 2"),
    ([0, 1, 1.5, 2], "labels[2] is 1.5; allowed: whole numbers"),
    ([0, 1, np.nan, 2], "labels[2] is nan; allowed: 0 to 2"),
    (["0", "1", "1", "2"], "it holds <U1; allowed: numbers"),
    ([[0, 1, 1]] * 4, "row 0 is not one-hot"),
])
def test_bad_labels(folder, capsys, labels, message):
    np.save("bad.npy", labels)
    assert message in refused(capsys, "diagnose", "z.npy", "--labels", "bad.npy")


def test_labels_file_errors_name_the_labels_file(folder, capsys):
    assert "nope.csv: no such file" in refused(capsys, "diagnose", "z.npy", "--labels", "nope.csv")
