#!/usr/bin/env python3
"""Runs a program from the documentation, which must exit with status 0.

usage: run.py PROGRAM

A server runs until it is told to stop: a program that still runs after 2 s gets SIGTERM, and must then exit with status 0.
"""

import subprocess
import sys

RUN_TIME = 2  # seconds
SHUTDOWN_TIMEOUT = 20  # seconds; long enough for a sanitizer on a busy machine

program = subprocess.Popen([sys.argv[1]], stdin=subprocess.DEVNULL)
try:
    status = program.wait(RUN_TIME)
except subprocess.TimeoutExpired:
    program.terminate()
    try:
        status = program.wait(SHUTDOWN_TIMEOUT)
    except subprocess.TimeoutExpired:
        program.kill()
        sys.exit(f"{sys.argv[1]} did not exit within {SHUTDOWN_TIMEOUT} s after SIGTERM")
if status != 0:
    sys.exit(f"{sys.argv[1]} exited with status {status}")
