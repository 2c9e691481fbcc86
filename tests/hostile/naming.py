"""The report as a target of names: of files, functions, classes and modules that some traceback, table or page shows."""

# ruff: noqa: E501 - what students write is as wide as they write it
from __future__ import annotations

from tests.hostile.case import Case
from tests.hostile.report import SOURCE


def named(name: str, does: str, call: str, cell: str = "None") -> Case:
    """`init_weights` fails with such names in its traceback, and so does a cell."""
    return Case(name=name, does=does, hides="lazy", exactly=18.0, causes={"init-weights": "raised"}, events={2: "raised"},
                cells=(SOURCE + "NAMES = [p.encode('utf-8', 'replace').decode() for p in PAYLOADS]\n" + call, cell + "\ninit_weights(None)"))


CASES = (
    named("names-of-files", "Tracebacks through code whose file is called like a payload.", '''
import linecache
def init_weights(module):
    for name in NAMES:
        name = name.replace("\\0", "")
        text = f"# {name}\\nraise ValueError({name!r})\\n"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        try: exec(compile(text.partition("\\n")[2], name, "exec"))
        except ValueError as error: last = error
    raise last
'''),
    named("names-of-functions", "Functions, code and frames that are called like a payload.", '''
def init_weights(module):
    def fails(): raise KeyError("x")
    error = None
    for name in NAMES:
        code = fails.__code__.replace(co_name=name, co_qualname=name, co_filename="<ipython-input-1-x>")
        fails.__code__, fails.__name__, fails.__qualname__, fails.__module__ = code, name, name, name
        try: fails()
        except KeyError as raised: error = raised
    raise error
''', "globals()[NAMES[0]] = fan_in; fan_in.__name__ = fan_in.__qualname__ = NAMES[1]; fan_in.__doc__ = EVERYTHING"),
    named("names-of-classes", "Exceptions whose class, module, notes and causes are called like a payload.", '''
import sys, types
def init_weights(module):
    error = None
    for name in NAMES:
        name = name.replace("\\0", "")
        made = type(name, (ValueError,), {"__module__": name, "__qualname__": name, "__doc__": name})
        sys.modules[name] = types.ModuleType(name, name)
        again = made(name); again.add_note(name); again.__cause__ = error
        error = again
    raise error
'''),
    named("names-of-what-is-missing", "Files, modules, keys and attributes that are missed under such a name.", '''
import importlib, os
def init_weights(module):
    errors = []
    for name in NAMES:
        for act in (lambda: open(name), lambda: importlib.import_module(name), lambda: {}[name], lambda: getattr(module, name), lambda: os.stat(name),
                    lambda: eval(name), lambda: torch.ones(2)[name]):
            try: act()
            except Exception as error: errors.append(error)
    raise ExceptionGroup(EVERYTHING, errors)
''', "for name in NAMES:\n    try: open(name.replace('/', '')[:80] + '.py', 'w').close()\n    except (OSError, ValueError): pass\nprint(__import__('os').listdir('.'))"),
)
