#!/usr/bin/env python3
"""Runs a program from the documentation, which must end with status 0.

usage: run.py PROGRAM

A server runs for ever: one that is still there after a while gets SIGTERM, and must then end with status 0.
"""

import subprocess
import sys

LONG_ENOUGH = 2  # seconds
TO_END = 20  # under a sanitizer, on a busy machine

program = subprocess.Popen([sys.argv[1]], stdin=subprocess.DEVNULL)
try:
    status = program.wait(LONG_ENOUGH)
except subprocess.TimeoutExpired:
    program.terminate()
    try:
        status = program.wait(TO_END)
    except subprocess.TimeoutExpired:
        program.kill()
        sys.exit(f"{sys.argv[1]} did not end within {TO_END} s of SIGTERM")
if status != 0:
    sys.exit(f"{sys.argv[1]} ended with status {status}")
