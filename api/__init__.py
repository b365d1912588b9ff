"""HTTP: parse, call the rooms below, render, map errors."""
