"""Compiled tokenizing: UTF-8 bytes of many texts in, term numbers out, without the interpreter.

Every kernel equals the plain Python analysis of its analyzer on what it accepts, and hands back
what it does not (combining marks, giant tokens, rare scripts' rules) to be analyzed by that.
"""
