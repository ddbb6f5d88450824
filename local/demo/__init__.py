"""`make demo`: the main job from end to end, told in steps."""
