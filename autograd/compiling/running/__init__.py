"""Programs: straight-line Python over memory that is there already, bound, compared and called."""
