using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Cli.Run;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Tests;

public sealed class ChatSessionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };
    private readonly EchoClient _client = new();
    private readonly Terminal _terminal;

    public ChatSessionTests() => _terminal = new Terminal(Stream.Null, _output, _error) { InputIsTerminal = true, OutputIsTerminal = true };

    public void Dispose()
    {
        _terminal.Dispose();
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_conversation_grows_with_each_answer()
    {
        await Talk("one", "two", "/exit", "never");

        Assert.Equal(["user: one", "assistant: echo one", "user: two"], _client.Last);
        Assert.Contains("echo one", _output.ToString());
        Assert.DoesNotContain("never", _output.ToString());
    }

    [Fact]
    public async Task Clear_forgets_all_but_the_system_message()
    {
        await Talk("/system Be brief.", "one", "/clear", "two");

        Assert.Equal(["system: Be brief.", "user: two"], _client.Last);
    }

    [Fact]
    public async Task Three_quotes_take_several_lines()
    {
        await Talk("\"\"\"first", "/second", "third\"\"\"");

        Assert.Equal(["user: first\n/second\nthird"], _client.Last);
    }

    [Fact]
    public async Task A_message_may_begin_with_a_slash_inside_quotes()
    {
        await Talk("\"\"\"/etc is a folder\"\"\"");

        Assert.Equal(["user: /etc is a folder"], _client.Last);
    }

    [Fact]
    public async Task Control_characters_of_an_answer_do_not_reach_the_terminal()
    {
        await Talk("a\e[2Jb");

        Assert.Contains("echo a\uFFFD[2Jb", _output.ToString());
    }

    [Fact]
    public async Task Thinking_is_switched_for_the_answers_that_follow()
    {
        await Talk("/think off", "one");
        Assert.Equal(false, _client.Options!.AdditionalProperties![ChatOptionKeys.EnableThinking]);

        await Talk("/think maybe");
        Assert.Contains("'on' or 'off'", _output.ToString());
    }

    [Theory]
    [InlineData("/exit now")]
    [InlineData("/stats all")]
    [InlineData("/clear it")]
    [InlineData("/help me")]
    public async Task A_command_without_an_argument_refuses_one(string line)
    {
        await Talk(line, "one");

        Assert.Contains("stands alone", _output.ToString());
        Assert.Equal(["user: one"], _client.Last);
    }

    [Fact]
    public async Task A_saved_conversation_goes_on()
    {
        string file = _folder["chat.json"];
        await Talk("/system Be kind.", "one", $"/save {file}");
        await Talk($"/load {file}", "two");

        Assert.Equal(["system: Be kind.", "user: one", "assistant: echo one", "user: two"], _client.Last);
    }

    [Fact]
    public async Task What_cannot_be_done_is_said_and_the_talk_goes_on()
    {
        File.WriteAllText(_folder["notes.txt"], "{}");
        await Talk("/fly", $"/load {_folder["absent.json"]}", $"/load {_folder["notes.txt"]}", "fail", "one");

        Assert.Contains("/fly", _output.ToString());
        Assert.Contains("absent.json", _error.ToString());
        Assert.Contains("notes.txt", _error.ToString());
        Assert.Contains("qwensharp: The model refuses.", _error.ToString());
        Assert.Equal(["user: one"], _client.Last);
    }

    [Fact]
    public async Task Help_lists_every_command()
    {
        await Talk("/help");

        foreach (string command in (string[])["/system", "/think", "/stats", "/clear", "/save", "/load", "/exit", "\"\"\"", "Ctrl-C"])
            Assert.Contains(command, _output.ToString());
    }

    [Fact]
    public async Task Statistics_are_told_on_request()
    {
        await Talk("/stats", "one", "/stats");

        Assert.Contains("No answer yet.", _output.ToString());
        Assert.Contains("tokens/s", _output.ToString());
    }

    [Fact]
    public async Task One_interrupt_ends_the_answer_and_keeps_what_came()
    {
        _client.OnUpdate = _terminal.Interrupts.Interrupt;
        await Talk("one", "two");

        Assert.Contains("(interrupted)", _output.ToString());
        Assert.Equal(["user: one", "assistant: echo ", "user: two"], _client.Last);
    }

    [Fact]
    public async Task Two_interrupts_end_the_program()
    {
        _client.OnUpdate = () =>
        {
            _terminal.Interrupts.Interrupt();
            _terminal.Interrupts.Interrupt();
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Talk("one", "two"));
    }

    [Fact]
    public async Task An_interrupt_at_the_prompt_ends_the_program()
    {
        ChatSession session = new(_client, new ChatOptions(), _terminal, _ =>
        {
            _terminal.Interrupts.Interrupt();
            Thread.Sleep(Timeout.Infinite);
            return null;
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(session.RunAsync);
    }

    private async Task Talk(params string[] lines)
    {
        Queue<string> input = new(lines);
        ChatOptions options = new();
        await new ChatSession(_client, options, _terminal, _ => input.TryDequeue(out string? line) ? line : null).RunAsync();
    }

    /// <summary>Answers with the last message, in two updates.</summary>
    private sealed class EchoClient : IChatClient
    {
        public string[] Last { get; private set; } = [];

        public ChatOptions? Options { get; private set; }

        public Action? OnUpdate { get; set; }

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            string[] seen = [.. messages.Select(message => $"{message.Role.Value}: {message.Text}")];
            string text = messages.Last().Text;
            if (text == "fail")
                throw new NotSupportedException("The model refuses.");

            (Last, Options) = (seen, options);
            yield return new ChatResponseUpdate(ChatRole.Assistant, "echo ");
            OnUpdate?.Invoke();
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return new ChatResponseUpdate(ChatRole.Assistant, text) { FinishReason = ChatFinishReason.Stop };
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
