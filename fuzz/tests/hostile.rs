//! A megabyte of each hostile input, as large as a record may be: every check holds,
//! those of memory among them.

#[test]
fn a_megabyte_of_each_hostile_input_is_answered_within_bounds() {
    for (name, input) in fuzz::hostile::INPUTS {
        let record = input(1 << 20);
        println!("{name}");
        fuzz::batch::check(&record);
        // The check itself decodes each line again, several times.
        if !name.ends_with("lines") {
            fuzz::order::check(&record);
        }
    }
    // In the same test: memory is counted for all threads together.
    for (name, form, input) in fuzz::hostile::DESCRIBED {
        println!("{name}");
        fuzz::described::check(&fuzz::described::input(form, &input(1 << 20)));
    }
    for (name, log, input) in fuzz::hostile::LOGS {
        println!("{name}");
        let number = fuzz::request::LOGS.iter().position(|known| *known == log);
        let number = number.expect("a log that is checked");
        fuzz::request::check(&fuzz::request::input(number, &input(1 << 20)));
    }
}
