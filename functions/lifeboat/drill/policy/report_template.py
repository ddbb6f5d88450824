"""What surrounds the words of a drill's page: its HTML and its style."""

from string import Template

# The policy in the head keeps the page from fetching or running anything, whatever stands in it.
FRAME = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1c2128; --soft: #5b6572; --line: #d8dee6; --tint: #f3f5f8;
  --proven: #1a7f4b; --partial: #9a6700; --failed: #c0262d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e4e8ed; --soft: #9aa5b1; --line: #313944; --tint: #1d232b;
    --proven: #4cc38a; --partial: #e0b23c; --failed: #ff7b72;
  }
}
@media print {
  :root {
    --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --tint: #fff;
    --proven: #1a7f4b; --partial: #9a6700; --failed: #c0262d;
  }
  i, b { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  section { break-inside: avoid-page; }
  section.long { break-inside: auto; }
  tr, li { break-inside: avoid; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 54rem;
  background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
code { font: .92em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.proven, .passed .tag { --mood: var(--proven); }
.partial, .untested .tag { --mood: var(--partial); }
.failed, .failed .tag { --mood: var(--failed); }
header { border-left: .5rem solid var(--mood); padding-left: 1.25rem; }
header p { margin: .25rem 0; }
.kicker { color: var(--soft); }
h1 { margin: 0; font-size: 3.25rem; line-height: 1.15; color: var(--mood); }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.25rem; }
ul { margin: .5rem 0; padding-left: 1.25rem; }
li, dd { overflow-wrap: anywhere; }
.reasons { font-weight: 600; }
.advice { margin-top: 1rem; padding: .75rem 1rem; background: var(--tint);
  border: 1px solid var(--line); border-radius: .375rem; overflow-wrap: anywhere; }
header .advice { margin-top: 1rem; }
.tag { color: var(--mood, var(--soft)); font-weight: 600; }
.checks { list-style: none; padding: 0; }
.checks > li { padding: .5rem 0; border-top: 1px solid var(--line); }
.checks .tag { display: inline-block; width: 5.5rem; }
.details { color: var(--soft); margin-left: 5.5rem; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); }
tbody th { font-weight: 400; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } .tables th[scope="row"] { min-width: 11rem; }
.tables tbody tr { border-top: 1px solid var(--line); }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.target { position: relative; display: flex; height: 2rem; background: var(--tint);
  border: 1px solid var(--line); border-radius: .25rem; }
.target i { min-width: 1px; }
.target b { position: absolute; top: -.375rem; bottom: -.375rem;
  border-left: 2px solid var(--ink); }
.scale { display: flex; justify-content: space-between; margin: .25rem 0 1rem; color: var(--soft);
  font-size: .875rem; }
.steps th { width: 6rem; } .steps td.n { width: 7rem; }
.steps .bar i { display: block; height: .75rem; margin-top: .4rem; min-width: 2px;
  border-radius: .125rem; }
.c0 { background: #4c8dd6; } .c1 { background: #59a89c; } .c2 { background: #a0a8b3; }
.c3 { background: #8d7bc7; } .c4 { background: #e08a3c; } .c5 { background: #c95f7b; }
.c6 { background: #7aa83f; } .c7 { background: #b59b5b; } .c8 { background: #7d8794; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 1rem;
  margin: 0; }
dt { color: var(--soft); font-size: .875rem; } dd { margin: 0; }
</style>
</head>
<body>
<header class="$verdict">
<p class="kicker">Restore drill of $database, $started</p>
<h1>$heading</h1>
<p>$sentence</p>
$reasons$advice
</header>
<main>
<section>
<h2>How long it took</h2>
$times
</section>
<section>
<h2>How far it goes</h2>
$limits
</section>
<section class="long">
<h2>What was checked</h2>
<ul class="checks">$checks</ul>
</section>
<section class="long">
<h2>Tables</h2>
$tables
</section>
<section>
<h2>Facts</h2>
<dl>$facts</dl>
</section>
</main>
</body>
</html>
""")
