make install
pipeline-run clip.yaml --input texts.jsonl
