"""An exercise as a package: what it promises, what students get of it, and the proof that it
judges rightly."""
