using System.Text.Json;

namespace QwenSharp.Cli.Tests;

/// <summary>The model in the box: who gets it, what it does, and that it learns.</summary>
public sealed class BoxTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Who_names_no_model_gets_the_one_in_the_box_and_is_told_so()
    {
        Invocation answer = await Invocation.WithInputAsync("Who are you?", "run", "--temperature", "0");

        Assert.Equal(0, answer.Code);
        Assert.Contains("QwenSharp", answer.Out, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("qwensharp pull", answer.Error);
    }

    [Fact]
    public async Task A_request_alone_goes_to_it()
    {
        Invocation answer = await Invocation.RunAsync("run", "Who are you?", "--temperature", "0");

        Assert.Equal(0, answer.Code);
        Assert.Contains("QwenSharp", answer.Out, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("qwensharp pull", answer.Error);
        foreach (string absent in (string[])["qwen3:0.6bb", "my models/absent.gguf", "./my models/absent"])
            (await Invocation.RunAsync("run", absent)).AssertFails(ExitCode.Failure, absent);
    }

    [Fact]
    public async Task A_word_that_is_no_model_is_a_request_and_it_is_told_so()
    {
        Invocation answer = await Invocation.RunAsync("run", "Hello", "--temperature", "0");

        Assert.Equal(0, answer.Code);
        Assert.NotEmpty(answer.Out.Trim());
        Assert.Contains("'Hello' is no file and no name of a model", answer.Error);
    }

    [Fact]
    public async Task It_has_a_name()
    {
        JsonElement json = (await Invocation.RunAsync("run", "box", "Who are you?", "--temperature", "0", "--json")).Json();

        Assert.Contains("QwenSharp", json.GetProperty("content").GetString(), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>docs/box.md has the figures of a thousand prompts of each skill; of so few as here some more may be wrong.</summary>
    [Fact]
    public async Task It_does_what_it_is_said_to_do()
    {
        JsonElement parts = (await Invocation.RunAsync("eval", "box", "--prompts", "40", "--seed", "7", "--json"))
            .Json()
            .GetProperty("parts");
        Dictionary<string, double> percent = parts
            .EnumerateArray()
            .ToDictionary(part => part.GetProperty("name").GetString()!, part => part.GetProperty("percent").GetDouble());

        Assert.Equal(Corpus.Goal.All.Select(goal => goal.Name), percent.Keys);
        foreach (
            (string part, int least) in ((string, int)[])
                [
                    ("identity and manners", 85), ("declines", 90), ("QwenSharp and Qwen", 85), ("arithmetic, thinking", 90),
                    ("stories", 80), ("one call", 80), ("no tool fits", 80), ("extraction", 85), ("phrases", 90),
                    ("phrases, several languages", 75), ("answers from results", 85), ("repeats", 85),
                ])
        {
            Assert.True(percent[part] >= least, $"{part}: {percent[part]} %");
        }
    }

    [Fact]
    public async Task It_learns_an_answer_from_a_few_conversations()
    {
        string[] asks =
        [
            "What is the code word?",
            "Tell me the code word.",
            "The code word, please.",
            "Do you know the code word?",
            "Which code word do we have?",
            "code word?",
        ];
        File.WriteAllLines(
            _folder["data.jsonl"],
            asks.Select(ask =>
                $$$"""{"messages": [{"role": "user", "content": "{{{ask}}}"}, {"role": "assistant", "content": "It is amber."}], "chat_template_kwargs": {"enable_thinking": false}}"""
            ));
        string[] evaluate = ["eval", "data", _folder["data.jsonl"], "--model", "box", "--json"];

        Assert.Equal(0, (await Invocation.RunAsync(evaluate)).Json().GetProperty("right").GetInt32());

        Invocation taught = await Invocation.RunAsync(
            "finetune",
            "box",
            _folder["data.jsonl"],
            "--output",
            _folder["run"],
            "--steps",
            "30",
            "--learning-rate",
            "0.003",
            "--held-out",
            "0",
            "--sequence-length",
            "256",
            "--batch-tokens",
            "256",
            "--json");
        Assert.Equal(0, taught.Code);
        Assert.Equal(
            asks.Length,
            (await Invocation.RunAsync([.. evaluate, "--adapter", _folder["run/adapter"]])).Json().GetProperty("right").GetInt32());

        Assert.Equal(0, (await Invocation.RunAsync("merge", "box", _folder["run/adapter.gguf"], "--output", _folder["merged.gguf"])).Code);
        Assert.Contains("amber", (await Invocation.RunAsync("run", _folder["merged.gguf"], "What is the code word?", "--no-think")).Out);
    }
}
