printf '{"text": "a text that is longer than all others"}\n{"text": "short"}\n' > texts.jsonl
pipeline-run clip.yaml --plugin-path . --check --input texts.jsonl
pipeline-run clip.yaml --plugin-path . --input texts.jsonl --most 6
grep -q '"a text"' clipped.jsonl
