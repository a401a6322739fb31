using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Run;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Tests;

public sealed class ChatSessionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };
    private readonly EchoClient _client = new("echo"), _other = new("other");
    private readonly Terminal _terminal;
    private int _contextLength = 1000;

    public ChatSessionTests() => _terminal = new Terminal(Stream.Null, _output, _error) { InputIsTerminal = true, OutputIsTerminal = true };

    public void Dispose()
    {
        _terminal.Dispose();
        _client.Dispose();
        _other.Dispose();
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

        foreach (string command in (string[])
                ["/set", "/show", "/model", "/regen", "/undo", "/system", "/think", "/stats", "/clear", "/save", "/load", "/help", "/exit",
                    "\"\"\"", "Alt-Enter", "Ctrl-C", "Ctrl-R"])
        {
            Assert.Contains(command, _output.ToString());
        }
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
        await using ChatSession session = Session(_ =>
        {
            _terminal.Interrupts.Interrupt();
            Thread.Sleep(Timeout.Infinite);
            return null;
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(session.RunAsync);
    }

    [Fact]
    public async Task Old_turns_give_way_visibly_and_stay_in_the_transcript()
    {
        string file = _folder["chat.json"];
        _contextLength = 16; // words; a quarter is kept for the answer
        await Talk("/system S", "one two", "three four", "five six", "seven eight", $"/save {file}");

        // "S", "three four", "echo three four", … : 12 words of prompt at most.
        Assert.Equal(["system: S", "user: five six", "assistant: echo five six", "user: seven eight"], _client.Last);
        Assert.Contains("(the oldest turn no longer fits in the context and is left out of the prompt)", _output.ToString());
        Assert.Contains("(the 2 oldest turns no longer fit in the context and are left out of the prompt)", _output.ToString());
        Assert.Equal(9, Transcript.Load(file).Count);
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public async Task A_message_that_fits_nowhere_is_refused_with_its_tokens_and_the_talk_goes_on()
    {
        _contextLength = 8;
        await Talk("one", "a b c d e f g h i", "two");

        Assert.Contains("a prompt of 9 tokens; the context of 8", _error.ToString());
        Assert.Equal("user: two", _client.Last[^1]);
        Assert.DoesNotContain(_client.Last, seen => seen.Contains("a b c", StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_an_answer_the_context_in_use_is_told()
    {
        _client.Usage = new UsageDetails { InputTokenCount = 40, OutputTokenCount = 10 };
        await Talk("one");

        Assert.Contains("(context 5 %, 50 of 1000 tokens)", _output.ToString());
    }

    [Fact]
    public async Task Settings_are_shown_and_set()
    {
        string[] settings =
            ["/set temperature 0.5", "/set top-k 7", "/set min_p=0.1", "/set stop END", "/set seed 3", "/set max_tokens 9"];
        await Talk([.. settings, "one", "/set"]);

        ChatOptions options = _client.Options!;
        Assert.Equal((0.5f, 7, 3L, 9), (options.Temperature, options.TopK, options.Seed, options.MaxOutputTokens));
        Assert.Equal(["END"], options.StopSequences!);
        Assert.Equal(0.1f, options.AdditionalProperties![ChatOptionKeys.MinP]);
        Assert.Matches(@"temperature +0\.5\n", _output.ToString());
        Assert.Matches(@"top_p +the model's own\n", _output.ToString());
    }

    [Fact]
    public async Task A_setting_goes_back_to_the_models_own()
    {
        await Talk("/set temperature 0.5", "/set think off", "/set temperature default", "/set think default", "one");

        Assert.Null(_client.Options!.Temperature);
        Assert.False(_client.Options.AdditionalProperties!.ContainsKey(ChatOptionKeys.EnableThinking));
    }

    [Theory]
    [InlineData("/set temperature warm", "temperature must be a number of at least 0, not 'warm'.")]
    [InlineData("/set top_p 2", "top_p must be a number from 1E-06 to 1, not '2'.")]
    [InlineData("/set max_tokens 0", "max_tokens must be a whole number of at least 1, not '0'.")]
    [InlineData("/set temprature 1", "Did you mean 'temperature'?")]
    [InlineData("/set think maybe", "think needs 'on' or 'off' or default, not 'maybe'.")]
    [InlineData("/set stats 3", "stats needs 'on' or 'off', not '3'.")]
    [InlineData("/hlep", "Did you mean '/help'?")]
    [InlineData("/show me", "/show takes 'template' or nothing")]
    [InlineData("/save", "/save needs a file name.")]
    [InlineData("/regen", "nothing to answer again")]
    [InlineData("/undo", "nothing to take back")]
    public async Task What_is_wrong_with_a_command_is_said_and_changes_nothing(string line, string said)
    {
        await Talk("/set temperature 0.5", line, "one");

        Assert.Contains(said, _output.ToString());
        Assert.Equal(["user: one"], _client.Last);
        Assert.Equal(0.5f, _client.Options!.Temperature);
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public async Task The_system_message_may_change_while_the_conversation_goes_on()
    {
        await Talk("one", "/set system Be brief.", "two", "/set system default", "three");

        Assert.Equal("user: one", _client.Last[0]);
        Assert.Equal(5, _client.Last.Length);
        Assert.Contains("system: Be brief.", _output.ToString());
    }

    [Fact]
    public async Task Undo_takes_a_turn_back_and_regen_answers_again()
    {
        await Talk("one", "two", "/undo", "three", "/regen");

        Assert.Equal(["user: one", "assistant: echo one", "user: three"], _client.Last);
        Assert.Contains("Taken back: two", _output.ToString());
        Assert.Equal(4, _client.Calls);
    }

    [Fact]
    public async Task An_answer_that_cannot_be_given_again_stays()
    {
        Queue<string> lines = new(["one", "/regen", "two"]);
        await using ChatSession session = Session(_ =>
        {
            _client.Fails = lines.Count == 2;
            return lines.TryDequeue(out string? line) ? line : null;
        });
        await session.RunAsync();

        Assert.Contains("The model refuses.", _error.ToString());
        Assert.Equal(["user: one", "assistant: echo one", "user: two"], _client.Last);
    }

    [Fact]
    public async Task Another_model_goes_on_with_the_conversation()
    {
        await Talk("one", "/set think off", "/model other", "two", "/model absent", "three", "/show");

        Assert.Equal(["user: one", "assistant: echo one", "user: two", "assistant: other two", "user: three"], _other.Last);
        Assert.Contains("other answers from here on, with a context of 500 tokens.", _output.ToString());
        Assert.Contains("no switch for reasoning", _output.ToString());
        Assert.Contains("There is no model 'absent'.", _error.ToString());
        Assert.False(_other.Options!.AdditionalProperties!.ContainsKey(ChatOptionKeys.EnableThinking));
        Assert.True(_client.IsDisposed);
    }

    [Fact]
    public async Task The_model_and_the_context_are_shown()
    {
        await Talk("one two", "/show", "/show template");

        Assert.Matches(@"model +scripted\n", _output.ToString());
        Assert.Matches(@"conversation +1 turn; context [01] %, 5 of 1000 tokens\n", _output.ToString());
        Assert.Contains("{{ template }}", _output.ToString());
    }

    [Fact]
    public async Task Several_lines_and_paths_are_messages()
    {
        await Talk("/set\nis how lines may begin", "/etc/hosts has what?");

        Assert.Equal(["user: /set\nis how lines may begin", "user: /etc/hosts has what?"], _client.Last.Where(seen => seen[0] == 'u'));
    }

    private async Task Talk(params string[] lines)
    {
        Queue<string> input = new(lines);
        await using ChatSession session = Session(_ => input.TryDequeue(out string? line) ? line : null);
        await session.RunAsync();
    }

    private ChatSession Session(Func<string, string?> readLine) => new(
        Model("scripted", _client, _contextLength),
        new ChatSettings(new SamplingArguments()),
        _terminal,
        readLine)
    {
        Open = name => name == "other"
            ? Task.FromResult(Model(name, _other, 500, hasThinkingSwitch: false))
            : throw new FileNotFoundException($"There is no model '{name}'."),
    };

    // A word is a token.
    private static ChatModel Model(string name, EchoClient client, int contextLength, bool hasThinkingSwitch = true) => new()
    {
        Name = name,
        Client = client,
        ContextLength = contextLength,
        CountTokens = (messages, _) => messages.Sum(message => message.Text.Split(' ').Length),
        HasThinkingSwitch = hasThinkingSwitch,
        Template = "{{ template }}",
        Facts = [("model", name)],
    };

    /// <summary>Answers with the last message, in two updates.</summary>
    private sealed class EchoClient(string word) : IChatClient
    {
        public string[] Last { get; private set; } = [];

        public ChatOptions? Options { get; private set; }

        public Action? OnUpdate { get; set; }

        public UsageDetails? Usage { get; set; }

        public int Calls { get; private set; }

        public bool Fails { get; set; }

        public bool IsDisposed { get; private set; }

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
            if (text == "fail" || Fails)
                throw new NotSupportedException("The model refuses.");

            (Last, Options) = (seen, options);
            Calls++;
            yield return new ChatResponseUpdate(ChatRole.Assistant, $"{word} ");
            OnUpdate?.Invoke();
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return new ChatResponseUpdate(ChatRole.Assistant, text) { FinishReason = ChatFinishReason.Stop };
            if (Usage is not null)
                yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(Usage)]);
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() => IsDisposed = true;
    }
}
