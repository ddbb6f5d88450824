"""Lambda entry points: parse the event, call one service, log and measure."""
