"""The commands of `hoshin`, a module per group; heavy imports stay inside the functions so that `--help` is quick."""
