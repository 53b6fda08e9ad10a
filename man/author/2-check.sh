make check
pipeline-inspect ./clip.so
