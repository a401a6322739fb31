using System.Text;
using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Tools.Files;

namespace QwenSharp.Agent.Tests.Tools.Files;

/// <summary>Edits find their place, and change nothing else.</summary>
public sealed class EditToolTests : IAsyncLifetime
{
    private readonly ToolBench _bench = new();
    private readonly EditTool _tool = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private static string Call(string old, string @new, bool? all = null, string path = "a.txt") =>
        $$"""{"file_path": {{ToolBench.Json(path)}}, "old_string": {{ToolBench.Json(old)}}, "new_string": {{ToolBench.Json(@new)}}{{(all is null ? "" : $", \"replace_all\": {(all.Value ? "true" : "false")}")}}}""";

    [Fact]
    public async Task A_text_is_replaced_to_the_letter_and_the_person_sees_the_difference()
    {
        string path = _bench.WriteSeen("a.txt", "one\ntwo\nthree\n");
        ToolResult result = await _bench.RunAsync(_tool, Call("two", "2"));
        Assert.Equal("one\n2\nthree\n", File.ReadAllText(path));
        Assert.Equal("Edited a.txt at line 2.", result.Text);
        Assert.Equal("--- a.txt\n+++ a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n", result.Display);
    }

    [Fact]
    public async Task Two_edits_in_a_row_need_no_reading_between()
    {
        string path = _bench.WriteSeen("a.txt", "one\ntwo\n");
        await _bench.RunAsync(_tool, Call("one", "1"));
        await _bench.RunAsync(_tool, Call("two", "2"));
        Assert.Equal("1\n2\n", File.ReadAllText(path));
    }

    [Fact]
    public async Task What_was_not_read_or_has_changed_since_is_refused()
    {
        string path = _bench.Write("a.txt", "one\n");
        Assert.Contains("You have not read a.txt", await _bench.FailsAsync(_tool, Call("one", "1")), StringComparison.Ordinal);
        await _bench.RunAsync(new ReadFileTool(), """{"file_path": "a.txt"}""");
        File.WriteAllText(path, "one and more\n");
        Assert.Contains("has changed since you read it", await _bench.FailsAsync(_tool, Call("one", "1")), StringComparison.Ordinal);
        Assert.Equal("one and more\n", File.ReadAllText(path));
    }

    [Fact]
    public async Task Several_places_are_refused_with_their_lines_or_all_replaced()
    {
        string path = _bench.WriteSeen("a.txt", "x = 1\ny\nx = 1\nx = 1");
        Assert.Contains("is in a.txt 3 times, in the lines 1, 3, 4", await _bench.FailsAsync(_tool, Call("x = 1", "x = 2")), StringComparison.Ordinal);
        Assert.Equal("Edited a.txt in 3 places.", (await _bench.RunAsync(_tool, Call("x = 1", "x = 2", all: true))).Text);
        Assert.Equal("x = 2\ny\nx = 2\nx = 2", File.ReadAllText(path));
    }

    [Theory]
    [InlineData("class A\n{\n    int x;\n}\n", "class A {", "class B {", "class B {\n    int x;\n}\n")]
    [InlineData("if (a)\n\t\treturn  1;\n", "if (a)\n    return 1;", "if (b)\n    return 1;", "if (b)\n    return 1;\n")]
    [InlineData("    f(\"a\");\n", "f(“a”);", "f(\"b\");", "    f(\"b\");\n")]
    [InlineData("    one();\n    two();\n", "one();\ntwo();", "one();\nthree();", "    one();\n    three();\n")]
    [InlineData("  one();\n  two();\n", "1\t  one();\n2\t  two();", "1\t  one();\n2\t  three();", "  one();\n  three();\n")]
    [InlineData("a  =  b\n", "a = b", "a = c", "a = c\n")]
    public async Task A_text_that_is_there_but_for_white_space_and_quotes_is_found_and_told(string text, string old, string @new, string expected)
    {
        string path = _bench.WriteSeen("a.txt", text);
        ToolResult result = await _bench.RunAsync(_tool, Call(old, @new));
        Assert.Equal(expected, File.ReadAllText(path));
        Assert.Contains("only up to white space and quotes", result.Text, StringComparison.Ordinal);
        Assert.Contains("+++ a.txt", result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_is_loosely_in_two_places_is_in_none()
    {
        string path = _bench.WriteSeen("a.txt", "a  = b\na =  b\n");
        Assert.Contains("is not in a.txt", await _bench.FailsAsync(_tool, Call("a = b", "c")), StringComparison.Ordinal);
        Assert.Equal("a  = b\na =  b\n", File.ReadAllText(path));
    }

    [Fact]
    public async Task The_nearest_places_are_shown()
    {
        _bench.WriteSeen("a.txt", "zero\nint Compute(int left, int right)\n{\n    return left + right;\n}\n");
        string told = await _bench.FailsAsync(_tool, Call("int Compute(int a, int right)\n{", "x"));
        Assert.Contains("2\tint Compute(int left, int right)\n3\t{", told, StringComparison.Ordinal);
        Assert.Contains("Nothing in it is like it", await _bench.FailsAsync(_tool, Call("qqqqqqqqqqqq", "x")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_old_string_makes_a_file_and_never_replaces_one()
    {
        await _bench.RunAsync(_tool, Call("", "new\n", path: "sub/b.txt"));
        Assert.Equal("new\n", File.ReadAllText(_bench["sub", "b.txt"]));
        Assert.Contains("give the old_string", await _bench.FailsAsync(_tool, Call("", "x", path: "sub/b.txt")), StringComparison.Ordinal);
        Assert.Contains("There is no file c.txt", await _bench.FailsAsync(_tool, Call("a", "x", path: "c.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_to_change_is_said()
    {
        _bench.WriteSeen("a.txt", "a");
        Assert.Contains("are the same", await _bench.FailsAsync(_tool, Call("a", "a")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mark_of_a_secret_is_not_written_over_it()
    {
        string path = _bench.WriteSeen("a.txt", "key=sk-1234\nport=1\n");
        Assert.Contains("stands for a secret", await _bench.FailsAsync(_tool, Call("port=1", "port=[secret: KEY]")), StringComparison.Ordinal);
        Assert.Equal("key=sk-1234\nport=1\n", File.ReadAllText(path));
    }

    [Fact]
    public async Task A_link_in_the_project_is_written_through_and_stays_a_link()
    {
        string path = _bench.Write("real/a.txt", "one\n");
        File.CreateSymbolicLink(_bench["link.txt"], path);
        await _bench.RunAsync(new ReadFileTool(), """{"file_path": "link.txt"}""");
        await _bench.RunAsync(_tool, Call("one", "two", path: "link.txt"));
        Assert.Equal("two\n", File.ReadAllText(path));
        Assert.NotNull(new FileInfo(_bench["link.txt"]).LinkTarget);
    }

    [Fact]
    public async Task A_hard_link_elsewhere_keeps_what_it_had()
    {
        string other = Path.Combine(Path.GetDirectoryName(_bench.Context.Workspace.Root)!, "other.txt");
        File.WriteAllText(other, "one\n");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Hard links are made by ln.");
        await _bench.RunAsync(new QwenSharp.Agent.Tools.Shell.ShellTool(), """{"command": "ln ../other.txt a.txt"}""");
        await _bench.RunAsync(new ReadFileTool(), """{"file_path": "a.txt"}""");
        await _bench.RunAsync(_tool, Call("one", "two"));
        Assert.Equal(("two\n", "one\n"), (File.ReadAllText(_bench["a.txt"]), File.ReadAllText(other)));
    }

    [Fact]
    public async Task The_mode_of_a_file_stays()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no modes.");
            return;
        }

        string path = _bench.WriteSeen("a.sh", "echo one\n");
        UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead;
        File.SetUnixFileMode(path, mode);
        await _bench.RunAsync(_tool, Call("one", "two", path: "a.sh"));
        Assert.Equal(mode, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFiles(_bench.Context.Workspace.Root));
    }

    [Fact]
    public async Task A_character_that_the_encoding_has_not_is_refused()
    {
        string path = _bench["a.txt"];
        byte[] bytes = [.. "caf"u8, 0xE9, .. "\n"u8];
        File.WriteAllBytes(path, bytes);
        _bench.Context.FilesRead.Note(path);
        Assert.Contains("encoded as iso-8859-1", await _bench.FailsAsync(_tool, Call("caf", "€")), StringComparison.Ordinal);
        await _bench.RunAsync(_tool, Call("caf", "th"));
        Assert.Equal([.. "th"u8, 0xE9, .. "\n"u8], File.ReadAllBytes(path));
    }

    // Whatever the file is written in, an edit changes its own place and leaves every other byte.
    [Fact]
    public void An_edit_leaves_every_other_byte_as_it_was()
    {
        Encoding[] encodings =
            [new UTF8Encoding(false), new UTF8Encoding(true), new UnicodeEncoding(false, true), new UnicodeEncoding(true, true), new UTF32Encoding(false, true)];
        Gen<string> line = Gen.Elements("a", "b", "é", " ", "\t", "x y", "😀", "\"", "ß").ListOf().Select(string.Concat);
        Gen<string> text = Gen.Zip(line, Gen.Elements("\n", "\r\n")).ListOf().Select(lines => string.Concat(lines.Select(one => one.Item1 + one.Item2)));
        Prop.ForAll(
            Gen.Zip(text, text).Zip(Gen.Zip(Gen.Elements(encodings), Gen.Elements("new", "two\nlines", "", "two\r\nlines"))).ToArbitrary(),
            drawn =>
            {
                ((string above, string below), (Encoding encoding, string replacement)) = drawn;
                string path = _bench["p.txt"];
                byte[] Bytes(string content) => [.. encoding.GetPreamble(), .. encoding.GetBytes(content)];
                File.WriteAllBytes(path, Bytes(above + "MARK" + below));
                _bench.Context.FilesRead.Note(path);
                _bench.RunAsync(_tool, Call("MARK", replacement, path: "p.txt")).GetAwaiter().GetResult();

                string all = above + "MARK" + below;
                int returns = all.Split("\r\n").Length - 1, feeds = all.Count(one => one == '\n');
                string written = replacement.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\n", 2 * returns > feeds ? "\r\n" : "\n", StringComparison.Ordinal);
                Assert.Equal(Bytes(above + written + below), File.ReadAllBytes(path));
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void An_edit_and_its_reverse_give_the_file_back()
    {
        Gen<string> text = Gen.Elements("a", "b\n", "c\r\n", "  ", "é", "\n").ListOf().Select(string.Concat);
        Prop.ForAll(
            Gen.Zip(text, text).ToArbitrary(),
            drawn =>
            {
                string path = _bench["q.txt"];
                File.WriteAllText(path, $"{drawn.Item1}<one>{drawn.Item2}");
                byte[] before = File.ReadAllBytes(path);
                _bench.Context.FilesRead.Note(path);
                _bench.RunAsync(_tool, Call("<one>", "<two>", path: "q.txt")).GetAwaiter().GetResult();
                _bench.RunAsync(_tool, Call("<two>", "<one>", path: "q.txt")).GetAwaiter().GetResult();
                Assert.Equal(before, File.ReadAllBytes(path));
            }).QuickCheckThrowOnFailure();
    }
}
