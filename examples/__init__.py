"""Example programmes, each a folder that `hoshin init` and `hoshin demo` unpack."""
