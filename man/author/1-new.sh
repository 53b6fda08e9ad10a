pipeline-inspect --new clip transform
cd clip
make check
