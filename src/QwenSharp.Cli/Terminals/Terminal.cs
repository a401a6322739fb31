using System.Runtime.CompilerServices;
using System.Text;
using Spectre.Console;

namespace QwenSharp.Cli.Terminals;

/// <summary>
/// The console as the commands see it: where text comes from and goes to, whether a person sits there, how wide and how
/// colourful it is. All that differs between systems' consoles is decided here.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private const string InputName = "Standard input";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private StreamReader? _lines;

    /// <summary>A terminal over given streams, as tests use it.</summary>
    public Terminal(Stream input, TextWriter output, TextWriter error)
    {
        (Input, Out, Error) = (input, output, error);
    }

    /// <summary>Standard input as bytes; text on it is UTF-8.</summary>
    public Stream Input { get; }

    /// <summary>Standard output.</summary>
    public TextWriter Out { get; }

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether a person types the input.</summary>
    public bool InputIsTerminal { get; init; }

    /// <summary>Whether a person reads the output.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Whether the output is a terminal that obeys ANSI cursor movement.</summary>
    public bool MovesCursor { get; init; }

    /// <summary>Whether output may carry colours and styles: a person reads it and has not set NO_COLOR (no-color.org).</summary>
    public bool Styled { get; init; }

    /// <summary>Whether standard error is a terminal that obeys ANSI cursor movement, as long work shows there how far it is.</summary>
    public bool ErrorMovesCursor { get; init; }

    /// <summary>Characters in a line, at the moment: people resize their windows.</summary>
    public int Width
    {
        get => field > 0 ? field : WindowSize().Width;
        init;
    }

    /// <summary>Ctrl-C and requests to end.</summary>
    public Interrupts Interrupts { get; } = new();

    /// <summary>The process's own console.</summary>
    public static Terminal Open()
    {
        // On Windows a console has a code page; on Unix this only confirms the default. Without a BOM either way.
        bool outputIsTerminal = !Console.IsOutputRedirected;
        if (OperatingSystem.IsWindows())
        {
            Console.OutputEncoding = Utf8;
            Console.InputEncoding = Utf8;
        }

        // Spectre knows which terminals obey ANSI sequences, and switches them on where Windows wants to be asked.
        bool ansi = outputIsTerminal && ObeysAnsi(new());

        // Redirected output is buffered and flushed by the commands; a terminal shows each write at once.
        TextWriter output = outputIsTerminal
            ? Console.Out
            : new StreamWriter(Console.OpenStandardOutput(), Utf8, bufferSize: 1 << 16) { NewLine = "\n" };
        Terminal terminal = new(Console.OpenStandardInput(), output, Console.Error)
        {
            InputIsTerminal = !Console.IsInputRedirected,
            OutputIsTerminal = outputIsTerminal,
            MovesCursor = ansi,
            Styled = ansi && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
            ErrorMovesCursor = !Console.IsErrorRedirected && (ansi || ObeysAnsi(new() { Out = new AnsiConsoleOutput(Console.Error) })),
        };
        terminal.Interrupts.Listen();
        return terminal;
    }

    /// <summary>Tells the user in one line why there is no result.</summary>
    public void Fail(string message)
    {
        Out.Flush();
        string line = string.Join(
            ' ',
            message.Split((char[])['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        Error.WriteLine("qwensharp: " + line);
        Error.Flush();
    }

    /// <summary>All of standard input as text, exactly: no byte order mark dropped, nothing trimmed.</summary>
    /// <exception cref="InvalidDataException">It is not UTF-8.</exception>
    public async Task<string> ReadAllAsync(CancellationToken cancellationToken)
    {
        using MemoryStream bytes = new();
        // A read from a pipe or a terminal cannot be cancelled; waiting for it can.
        await Input.CopyToAsync(bytes, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
        return Utf8Text.Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), InputName);
    }

    /// <summary>The lines of standard input as they come, without a byte order mark.</summary>
    /// <exception cref="InvalidDataException">It is not UTF-8.</exception>
    public async IAsyncEnumerable<string> ReadLinesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using StreamReader reader = new(
            Input,
            Utf8Text.Strict,
            detectEncodingFromByteOrderMarks: false,
            bufferSize: 1 << 16,
            leaveOpen: true);
        for (int number = 1; await ReadLineAsync(number).ConfigureAwait(false) is { } line; number++)
            yield return line;

        async Task<string?> ReadLineAsync(int number)
        {
            try
            {
                return await reader.ReadLineAsync(cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (DecoderFallbackException wrong)
            {
                throw Utf8Text.Refused(InputName, $" in line {number} or behind it", wrong);
            }
        }
    }

    /// <summary>Asks a question that one line answers; null at the end of input.</summary>
    public string? Ask(string question) => LineReader(new InputHistory())(question);

    /// <summary>How a person at the terminal types messages: with an editor where the terminal understands cursor movement.</summary>
    /// <param name="history">What was typed before.</param>
    public Func<string, string?> LineReader(InputHistory history)
    {
        if (!MovesCursor)
        {
            return prompt =>
            {
                Out.Write(prompt);
                Out.Flush();
                return (_lines ??= new StreamReader(Input, Utf8Text.Strict, detectEncodingFromByteOrderMarks: false)).ReadLine();
            };
        }

        // The bytes of one key's sequence may come a moment apart.
        KeyInput keys = new(
            () => Console.ReadKey(intercept: true),
            () => SpinWait.SpinUntil(() => Console.KeyAvailable, TimeSpan.FromMilliseconds(10)),
            marked: !OperatingSystem.IsWindows());
        LineEditor editor = new(keys, Out, WindowSize, history);
        return prompt =>
        {
            // While a line is typed Ctrl-C is a key: it clears the line first.
            Console.TreatControlCAsInput = true;
            try
            {
                (string text, LineEnd end) = editor.Read(prompt);
                if (end == LineEnd.Interrupted)
                    Interrupts.Interrupt();

                return end == LineEnd.Entered ? text : null;
            }
            finally
            {
                Console.TreatControlCAsInput = false;
            }
        };
    }

    /// <summary>
    /// Text of a model as a terminal may see it: no control characters, which could move the cursor or worse; elsewhere as it is.
    /// </summary>
    public string Safe(string text) =>
        OutputIsTerminal && text.Any(IsUnsafe) ? string.Concat(text.Select(c => IsUnsafe(c) ? '\uFFFD' : c)) : text;

    /// <summary>Breaks text between words where a person reads it; null elsewhere.</summary>
    public WordWrap? Wrap() => OutputIsTerminal && MovesCursor ? new WordWrap(() => Width) : null;

    /// <summary>A text of the program's own, broken between words where a person reads it.</summary>
    public string Wrapped(string text) => Wrap() is { } wrap ? wrap.Push(text) + wrap.Finish() : text;

    /// <summary>Text in grey where styles are allowed.</summary>
    public string Dim(string text) => Styled && text.Length > 0 ? $"\e[2m{text}\e[22m" : text;

    /// <summary>Tables and trees, cut to the width, with styles only where they are allowed.</summary>
    public IAnsiConsole Rich()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = Styled ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = Styled ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(Out),
        });
        console.Profile.Width = Width;
        return console;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Out.Flush();
        Interrupts.Dispose();
    }

    private static bool ObeysAnsi(AnsiConsoleSettings console) => AnsiConsole.Create(console).Profile.Capabilities.Ansi;

    private static bool IsUnsafe(char c) => char.IsControl(c) && c is not ('\n' or '\t');

    private (int Width, int Height) WindowSize()
    {
        if (!OutputIsTerminal && !ErrorMovesCursor)
            return (120, 40);

        try
        {
            return (Math.Max(20, Console.WindowWidth), Math.Max(2, Console.WindowHeight));
        }
        catch (IOException)
        {
            return (120, 40);
        }
    }
}
