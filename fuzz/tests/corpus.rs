//! Every input of the corpus, also cut short and with others before and behind it.

use std::fs;
use std::path::Path;

#[test]
fn every_check_holds_for_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, check) in fuzz::CHECKS {
        let folder = fs::read_dir(corpus.join(name)).expect("a folder for each check");
        let files: Vec<_> = folder.map(|file| file.expect("a file").path()).collect();
        assert!(!files.is_empty(), "{name} has no corpus");
        let mut before = Vec::new();
        for file in files {
            let input = fs::read(&file).expect("an input");
            check(&input);
            check(&input[..input.len() / 2]);
            check(&[before.as_slice(), b"\n", &input].concat());
            before = input;
        }
    }
}
