"""Reads a Dockerfile: as much of the language as deploy/Dockerfile uses; what else comes is refused."""
import json
import shlex
from pathlib import Path

KNOWN = {"FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "CMD", "LABEL"}


def stages(path):
    """[(name of the stage's image, [(instruction, text)])], in the order of the file."""
    found = []
    line = ""
    for part in Path(path).read_text().splitlines():
        if part.lstrip().startswith("#") or not part.strip():
            continue
        line += part
        if line.endswith("\\"):
            line = line[:-1]
            continue
        instruction, _, text = line.strip().partition(" ")
        line = ""
        if instruction not in KNOWN:
            raise ValueError(f"{path}: unknown instruction {instruction}")
        if instruction == "FROM":
            found.append((text.split()[0], []))
        else:
            found[-1][1].append((instruction, text.strip()))
    return found


def words(text):
    """Of CMD and its kin: the exec form."""
    command = json.loads(text)
    if not command or not all(isinstance(word, str) for word in command):
        raise ValueError(f"{text}: give the exec form")
    return command


def health(text):
    """(options, command) of a HEALTHCHECK."""
    options, _, command = text.partition("CMD ")
    return dict(option.removeprefix("--").split("=") for option in options.split()), words(command)


def last(stage, instruction):
    texts = [text for name, text in stage if name == instruction]
    if not texts:
        raise ValueError(f"no {instruction}")
    return texts[-1]


def environment(stage):
    pairs = [pair for name, text in stage if name == "ENV" for pair in shlex.split(text)]
    return dict(pair.split("=", 1) for pair in pairs)
