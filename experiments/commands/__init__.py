"""The commands of `anju`, a module a room; heavy modules are imported by the command that needs them."""
