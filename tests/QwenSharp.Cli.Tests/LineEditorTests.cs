using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Tests;

public class LineEditorTests
{
    private const ConsoleKey Left = ConsoleKey.LeftArrow,
        Right = ConsoleKey.RightArrow,
        Up = ConsoleKey.UpArrow,
        Down = ConsoleKey.DownArrow;

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
        Assert.Equal("one ", Read("one two", Control('W')));
        Assert.Equal("x", Read("one two", Control('U'), 'x'));
        Assert.Equal("XabcY", Read("abc", Control('A'), 'X', Control('E'), 'Y'));
    }

    [Fact]
    public void A_character_of_two_units_is_one_step()
    {
        Assert.Equal("a", Read("a🙂", ConsoleKey.Backspace));
        Assert.Equal("aX🙂", Read("a🙂", Left, 'X'));
        Assert.Equal("🙂X", Read("🙂", ConsoleKey.Home, Right, 'X'));
    }

    [Fact]
    public void Edges_hold()
    {
        Assert.Equal("a", Read(ConsoleKey.Backspace, Left, Right, ConsoleKey.Delete, 'a', Right));
        Assert.Equal("", Read());
    }

    [Fact]
    public void History_goes_up_and_down()
    {
        Queue<ConsoleKeyInfo> keys = new(
            Keys("one", ConsoleKey.Enter, "two", ConsoleKey.Enter, Up, Up, Up, Down, '!', ConsoleKey.Enter, Up, Down, ConsoleKey.Enter));
        LineEditor editor = new(keys.Dequeue, TextWriter.Null, 80);

        Assert.Equal(["one", "two", "two!", ""], Enumerable.Range(0, 4).Select(_ => editor.Read("> ")));
    }

    [Theory]
    [InlineData('C')]
    [InlineData('D')]
    public void Ctrl_C_and_Ctrl_D_leave_an_empty_line(char key) => Assert.Null(Read(Control(key)));

    [Fact]
    public void Ctrl_C_clears_a_line_that_is_not_empty() => Assert.Equal("new", Read("old", Control('C'), "new"));

    [Theory]
    [InlineData("12345678", 10, 0, 9)]
    [InlineData("1234567890", 10, 1, 1)]
    [InlineData("世界世界世", 10, 1, 0)]
    [InlineData("a世界世界世", 10, 1, 2)]
    [InlineData("A long line, longer than the window is wide, twice and more.", 20, 3, 1)]
    public void The_cursor_stands_in_its_place_on_the_screen(string text, int width, int row, int column)
    {
        StringWriter output = new();
        (int Row, int Column) seen = default;
        Queue<ConsoleKeyInfo> keys = new(Keys(text, Left, Left, Right, ConsoleKey.Enter));
        Screen screen = new(width);
        LineEditor editor = new(
            () =>
            {
                screen.Write(output.ToString());
                output.GetStringBuilder().Clear();
                seen = (screen.Row, screen.Column);
                return keys.Dequeue();
            },
            output,
            width);

        editor.Read("> ");

        // As the editor waits for Enter, the cursor stands before the last character.
        Assert.Equal((row, column), seen);
    }

    private static string? Read(params object[] keys)
    {
        Queue<ConsoleKeyInfo> queue = new(Keys([.. keys, ConsoleKey.Enter]));
        return new LineEditor(queue.Dequeue, TextWriter.Null, 80).Read("> ");
    }

    private static IEnumerable<ConsoleKeyInfo> Keys(params object[] keys) => keys.SelectMany(key => key switch
    {
        string text => text.Select(Typed),
        char character => [Typed(character)],
        ConsoleKeyInfo info => [info],
        ConsoleKey named => [new ConsoleKeyInfo('\0', named, false, false, false)],
        _ => throw new ArgumentException("Not a key.", nameof(keys)),
    });

    private static ConsoleKeyInfo Typed(char character) => new(character, ConsoleKey.None, false, false, false);

    private static ConsoleKeyInfo Control(char letter) => new((char)(letter - '@'), (ConsoleKey)letter, false, false, control: true);

    /// <summary>The cursor of a terminal, as far as the editor moves it.</summary>
    private sealed class Screen(int width)
    {
        public int Row { get; private set; }

        public int Column { get; private set; }

        public void Write(string text)
        {
            for (int i = 0; i < text.Length; i++)
            {
                switch (text[i])
                {
                    case '\r':
                        Column = 0;
                        break;
                    case '\n':
                        Row++;
                        break;
                    case '\e':
                        i = Sequence(text, i + 2);
                        break;
                    default:
                        Advance(text[i] > 0x1100 ? 2 : 1);
                        break;
                }
            }
        }

        private int Sequence(string text, int start)
        {
            int end = start;
            while (char.IsAsciiDigit(text[end]))
                end++;

            int count = end > start ? int.Parse(text[start..end], System.Globalization.CultureInfo.InvariantCulture) : 1;
            (Row, Column) = text[end] switch { 'A' => (Row - count, Column), 'C' => (Row, Column + count), _ => (Row, Column) };
            return end;
        }

        /// <summary>A terminal wraps only when the next character comes.</summary>
        private void Advance(int cells)
        {
            if (Column + cells > width)
                (Row, Column) = (Row + 1, 0);

            Column += cells;
        }
    }
}
