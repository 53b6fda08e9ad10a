#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Times scikit-learn's features and fit on a labelled text file, and prints the figures as one line of JSON.

Usage: sklearn_text.py TRAIN.csv TEST.csv [--text text] [--label category] [--seed 1]

The features are TF-IDF of word 1-2-grams and of character 2-5-grams within words, both sublinear; the classifier is
SGDClassifier with log loss, alpha 1e-5, 25 epochs and two jobs. Reading the files and predicting are not timed.
"""

import argparse
import csv
import json
import sys
import time

try:
    import sklearn
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.pipeline import FeatureUnion
except ImportError as error:
    sys.exit(f"scikit-learn is needed (Debian: python3-sklearn): {error}")


def read(path, text, label):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row[text] for row in rows], [row[label] for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="category")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    texts, labels = read(args.train, args.text, args.label)
    test_texts, test_labels = read(args.test, args.text, args.label)

    features = FeatureUnion([
        ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)),
        ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)),
    ])
    classifier = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=25, tol=None, n_jobs=2, random_state=args.seed)
    start = time.perf_counter()
    matrix = features.fit_transform(texts)
    middle = time.perf_counter()
    classifier.fit(matrix, labels)
    end = time.perf_counter()

    predicted = classifier.predict(features.transform(test_texts))
    print(json.dumps({
        "version": sklearn.__version__,
        "seconds": end - start,
        "feature_seconds": middle - start,
        "fit_seconds": end - middle,
        "features": matrix.shape[1],
        "accuracy": accuracy_score(test_labels, predicted),
        "macro_f1": f1_score(test_labels, predicted, average="macro"),
    }))


if __name__ == "__main__":
    main()
