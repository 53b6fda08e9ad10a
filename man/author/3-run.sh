echo '{"text": "a text that is longer than all others"}' > texts.jsonl
echo '{"text": "short"}' >> texts.jsonl
pipeline-run clip.yaml --plugin-path . --check --input texts.jsonl
pipeline-run clip.yaml --plugin-path . --input texts.jsonl --most 6
grep -q '"a text"' clipped.jsonl
