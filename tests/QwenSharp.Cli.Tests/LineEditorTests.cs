using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Tests;

public class LineEditorTests
{
    private const ConsoleKey Left = ConsoleKey.LeftArrow,
        Right = ConsoleKey.RightArrow,
        Up = ConsoleKey.UpArrow,
        Down = ConsoleKey.DownArrow;

    private const string Family = "👨‍👩‍👧", Flag = "🇩🇪", Accented = "e\u0301";

    [Fact]
    public void Typed_text_is_the_line() => Assert.Equal("Hello, 世界 🙂", Read("Hello, 世界 🙂"));

    [Fact]
    public void Keys_edit_at_the_cursor()
    {
        Assert.Equal("abXc", Read("abc", Left, 'X'));
        Assert.Equal("Xabc", Read("abc", ConsoleKey.Home, 'X'));
        Assert.Equal("abcX", Read("abc", ConsoleKey.Home, ConsoleKey.End, 'X'));
        Assert.Equal("ac", Read("abc", Left, ConsoleKey.Backspace));
        Assert.Equal("ab", Read("abc", Left, ConsoleKey.Delete));
        Assert.Equal("aXbc", Read("abc", Left, Left, Left, Right, 'X'));
        Assert.Equal("XabcY", Read("abc", Control('A'), 'X', Control('E'), 'Y'));
        Assert.Equal("aXbc", Read("abc", Control('A'), Control('F'), 'X'));
        Assert.Equal("abXc", Read("abc", Control('B'), 'X'));
    }

    [Fact]
    public void Keys_cut_and_bring_back()
    {
        Assert.Equal("one ", Read("one two", Control('W')));
        Assert.Equal("x", Read("one two", Control('U'), 'x'));
        Assert.Equal("two", Read("one two", Left, Left, Left, Control('U')));
        Assert.Equal("one", Read("one two", Left, Left, Left, Left, Control('K')));
        Assert.Equal("two one ", Read("one two", Left, Left, Left, Control('U'), Control('E'), ' ', Control('Y')));
    }

    [Fact]
    public void Keys_move_and_delete_by_words()
    {
        Assert.Equal("one Xtwo-three", Read("one two-three", Alt(Left), Alt(Left), 'X'));
        Assert.Equal("oneX two", Read("one two", ConsoleKey.Home, Alt(Right), 'X'));
        Assert.Equal("one Xtwo", Read("one two", Alt('b'), 'X'));
        Assert.Equal("oneX two", Read("one two", ConsoleKey.Home, Alt('f'), 'X'));
        Assert.Equal(" two", Read("one two", ConsoleKey.Home, Alt('d')));
        Assert.Equal("one two-", Read("one two-three", Alt(ConsoleKey.Backspace)));
        Assert.Equal("one X世界", Read("one 世界", ControlAnd(Left), 'X'));
    }

    [Theory]
    [InlineData("🙂")]
    [InlineData(Family)]
    [InlineData(Flag)]
    [InlineData(Accented)]
    [InlineData("世")]
    [InlineData("각")]
    public void A_character_is_one_step_whatever_it_is_made_of(string character)
    {
        Assert.Equal("a", Read("a" + character, ConsoleKey.Backspace));
        Assert.Equal("aX" + character, Read("a" + character, Left, 'X'));
        Assert.Equal(character + "X", Read(character, ConsoleKey.Home, Right, 'X'));
        Assert.Equal("ab", Read("a" + character + "b", Left, Left, ConsoleKey.Delete));
    }

    [Fact]
    public void A_line_feed_enters_as_well() => Assert.Equal("one", Editor("one", LineFeed, "two").Read("> ").Text);

    [Fact]
    public void Edges_hold()
    {
        Assert.Equal("a", Read(ConsoleKey.Backspace, Left, Right, ConsoleKey.Delete, Alt(Left), Alt('d'), Control('K'), 'a', Right));
        Assert.Equal("", Read());
        Assert.Equal("ab", Read("a", ConsoleKey.F5, ConsoleKey.Escape, ConsoleKey.Tab, 'b'));
    }

    [Fact]
    public void History_goes_up_and_down_and_keeps_what_was_being_typed()
    {
        LineEditor editor = Editor(
            "one", ConsoleKey.Enter, "two", ConsoleKey.Enter, Up, Up, Up, Down, '!', ConsoleKey.Enter,
            "dra", Up, Down, "ft", ConsoleKey.Enter);

        Assert.Equal(["one", "two", "two!", "draft"], Enumerable.Range(0, 4).Select(_ => editor.Read("> ").Text));
    }

    [Fact]
    public void Ctrl_R_finds_what_was_typed_before()
    {
        object[] before = ["first apple", ConsoleKey.Enter, "second apple", ConsoleKey.Enter, "a pear", ConsoleKey.Enter];
        Assert.Equal("second apple", Fourth(Control('R'), "app"));
        Assert.Equal("first apple", Fourth(Control('R'), "app", Control('R')));
        Assert.Equal("second apples", Fourth(Control('R'), "apple", ConsoleKey.End, 's'));
        Assert.Equal("typed", Fourth("typed", Control('R'), "app", Control('G')));
        Assert.Equal("a pear", Fourth(Control('R'), "pearx", ConsoleKey.Backspace));

        string Fourth(params object[] keys)
        {
            LineEditor editor = Editor([.. before, .. keys, ConsoleKey.Enter]);
            return Enumerable.Range(0, 4).Select(_ => editor.Read("> ").Text).ToArray()[^1];
        }
    }

    [Theory]
    [InlineData('C', LineEnd.Interrupted)]
    [InlineData('D', LineEnd.EndOfInput)]
    public void Ctrl_C_and_Ctrl_D_leave_an_empty_line(char key, object end) =>
        Assert.Equal(("", (LineEnd)end), Editor(Control(key)).Read("> "));

    [Fact]
    public void Ctrl_C_clears_a_line_that_is_not_empty() => Assert.Equal("new", Read("old", Control('C'), "new"));

    [Theory]
    [InlineData("one\rtwo", "one\ntwo")]
    [InlineData("one\r\ntwo\n", "one\ntwo\n")] // a line end at its end sends nothing either
    [InlineData("a\tb\a\u009b", "a\tb")]
    [InlineData("\e[31mred", "[31mred")]
    [InlineData("🙂\r世", "🙂\n世")]
    public void A_paste_is_one_piece(string pasted, string expected)
    {
        Assert.Equal($"<{expected}>", Read('<', $"\e[200~{pasted}\e[201~", '>'));
    }

    [Fact]
    public void Where_nothing_marks_pastes_lines_that_come_at_once_are_one_message()
    {
        Queue<ConsoleKeyInfo> queue = new(Keys("one", ConsoleKey.Enter, "two", ConsoleKey.Enter));
        KeyInput keys = new(queue.Dequeue, () => queue.Count > 0, marked: false);

        Assert.Equal("one\ntwo", new LineEditor(keys, TextWriter.Null, () => (80, 24), new InputHistory()).Read("> ").Text);
    }

    [Fact]
    public void Alt_Enter_begins_a_line_and_arrows_go_through_lines()
    {
        Assert.Equal("one\ntwo", Read("one", Alt(ConsoleKey.Enter), "two"));
        Assert.Equal("oneX\ntwo", Read("one", Alt(ConsoleKey.Enter), "two", Up, 'X'));
        Assert.Equal("oXne\ntwo", Read("one", Alt(ConsoleKey.Enter), "two", ConsoleKey.Home, Up, Right, 'X'));
        Assert.Equal("one\ntwoX", Read("one", Alt(ConsoleKey.Enter), "two", Up, Down, 'X'));
        Assert.Equal("one", Read("one", Alt(ConsoleKey.Enter), ConsoleKey.Backspace));
        Assert.Equal("onetwo", Read("one", Alt(ConsoleKey.Enter), "two", Up, ConsoleKey.End, Control('K')));
    }

    [Fact]
    public void Words_are_wrapped_behind_the_prompt()
    {
        Screen screen = Show(20, "The quick brown fox jumps over it");

        Assert.Equal(">>> The quick brown\n    fox jumps over\n    it", screen.Text);
        Assert.Equal((2, 6), (screen.Row, screen.Column));
        Assert.True(screen.MarksPastes);
    }

    [Fact]
    public void A_word_longer_than_a_row_is_broken() =>
        Assert.Equal(">>> abcdefg\n    hijklm", Show(12, "abcdefghijklm").Text);

    [Fact]
    public void Pasted_lines_are_rows()
    {
        Screen screen = Show(40, "\e[200~one\rtwo\r\e[201~");

        Assert.Equal(">>> one\n    two", screen.Text);
        Assert.Equal((2, 4), (screen.Row, screen.Column));
    }

    [Theory]
    [InlineData(40, 22)]
    [InlineData(22, 40)]
    [InlineData(60, 15)]
    public void A_window_that_is_resized_shows_the_message_once(int before, int after)
    {
        const string message = "A longer message, which takes some rows 世界 in a narrow window";
        Screen resized = Show(before, message, (Action<Screen>)(screen => screen.Resize(after)), '!');
        Screen fresh = Show(after, message + "!");

        Assert.Equal(fresh.Text, resized.Text);
        Assert.Equal((fresh.Row, fresh.Column), (resized.Row, resized.Column));
    }

    [Fact]
    public void Of_a_message_taller_than_the_window_the_rows_at_the_cursor_are_shown()
    {
        Screen screen = new(20, height: 5);
        Play(screen, $"\e[200~{string.Join('\r', Enumerable.Range(1, 20))}\e[201~");

        Assert.Equal("    17\n    18\n    19\n    20", screen.Text);
    }

    /// <summary>Whatever was typed: the screen shows what a fresh one shows of the same text.</summary>
    [Fact]
    public void Any_keys_leave_the_screen_as_if_the_text_had_been_drawn_once()
    {
        object[] keys =
        [
            "a", " ", "word ", "世", "🙂", Family, Accented, Flag, "\t", Left, Right, Up, Down, ConsoleKey.Home, ConsoleKey.End,
            ConsoleKey.Backspace, ConsoleKey.Delete, Alt(Left), Alt(Right), Control('W'), Control('K'), Control('Y'), Control('U'),
            Alt(ConsoleKey.Enter), "\e[200~some pasted\rlines\e[201~", Control('L'),
        ];
        for (int seed = 0; seed < 150; seed++)
        {
            Random random = new(seed);
            Screen screen = new(random.Next(10, 40)), fresh = new(screen.Width);
            object[] typed =
            [
                .. Enumerable.Range(0, 80).Select(_ => random.Next(20) == 0
                    ? (Action<Screen>)(resized => resized.Resize(random.Next(10, 40)))
                    : keys[random.Next(keys.Length)]),
                (Action<Screen>)(resized => resized.Resize(fresh.Width)), ConsoleKey.End, ConsoleKey.Enter,
            ];

            string text = Play(screen, typed)!;
            Play(fresh, $"\e[200~{text}\e[201~", ConsoleKey.Enter);

            Assert.True(fresh.Text == screen.Text, $"seed {seed}:\n{screen.Text}\nin place of\n{fresh.Text}");
        }
    }

    private static string Read(params object[] keys) => Editor([.. keys, ConsoleKey.Enter]).Read("> ").Text;

    private static LineEditor Editor(params object[] keys)
    {
        Queue<ConsoleKeyInfo> queue = new(Keys(keys));
        return new LineEditor(new KeyInput(queue.Dequeue, () => queue.Count > 0), TextWriter.Null, () => (80, 24), new InputHistory());
    }

    private static IEnumerable<ConsoleKeyInfo> Keys(params object[] keys) => keys.SelectMany(key => key switch
    {
        string text => text.Select(Typed),
        char character => [Typed(character)],
        ConsoleKeyInfo info => [info],
        ConsoleKey.Enter => [new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false)],
        ConsoleKey named => [new ConsoleKeyInfo('\0', named, false, false, false)],
        _ => throw new ArgumentException("Not a key.", nameof(keys)),
    });

    // As .NET reads a terminal's bytes.
    private static ConsoleKeyInfo Typed(char character) => character switch
    {
        '\e' => new ConsoleKeyInfo(character, ConsoleKey.Escape, false, false, false),
        '\r' or '\n' => new ConsoleKeyInfo(character, ConsoleKey.Enter, false, false, false),
        '\t' => new ConsoleKeyInfo(character, ConsoleKey.Tab, false, false, false),
        >= 'a' and <= 'z' => new ConsoleKeyInfo(character, (ConsoleKey)char.ToUpperInvariant(character), false, false, false),
        _ => new ConsoleKeyInfo(character, ConsoleKey.None, false, false, false),
    };

    private static ConsoleKeyInfo Control(char letter) => new((char)(letter - '@'), (ConsoleKey)letter, false, false, control: true);

    private static ConsoleKeyInfo LineFeed => new('\n', ConsoleKey.Enter, false, false, control: true);

    private static ConsoleKeyInfo ControlAnd(ConsoleKey key) => new('\0', key, false, false, control: true);

    private static ConsoleKeyInfo Alt(ConsoleKey key) => new(key == ConsoleKey.Enter ? '\r' : '\0', key, false, alt: true, false);

    private static ConsoleKeyInfo Alt(char letter) => new(letter, (ConsoleKey)char.ToUpperInvariant(letter), false, alt: true, false);

    private static Screen Show(int width, params object[] script)
    {
        Screen screen = new(width);
        Play(screen, script);
        return screen;
    }

    /// <summary>Types on a screen, and does other things to it between keys.</summary>
    /// <returns>What was entered; null where the script ends before.</returns>
    private static string? Play(Screen screen, params object[] script)
    {
        Queue<object> steps = new(script.SelectMany(step => step is Action<Screen> ? [step] : Keys(step).Cast<object>()));
        StringWriter output = new() { NewLine = "\r\n" };
        LineEditor editor = new(
            new KeyInput(Next, () => steps.TryPeek(out object? next) && next is ConsoleKeyInfo),
            output,
            () => (screen.Width, screen.Height),
            new InputHistory());
        try
        {
            string text = editor.Read(">>> ").Text;
            screen.Write(output.ToString());
            return text;
        }
        catch (EndOfStreamException)
        {
            return null;
        }

        ConsoleKeyInfo Next()
        {
            screen.Write(output.ToString());
            output.GetStringBuilder().Clear();
            while (steps.TryPeek(out object? step) && step is Action<Screen> act)
            {
                steps.Dequeue();
                act(screen);
            }

            return steps.TryDequeue(out object? key) ? (ConsoleKeyInfo)key : throw new EndOfStreamException();
        }
    }
}
