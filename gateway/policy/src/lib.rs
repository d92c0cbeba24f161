//! Who may see what, for which purpose: the only maker of permits. Pure: no I/O.
