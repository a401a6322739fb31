using Microsoft.Extensions.AI;

namespace QwenSharp.Tests;

public sealed class SafetyGuardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Safety: Safe\nCategories: None", SafetyLabel.Safe, "", null)]
    [InlineData("Safety: Unsafe\nCategories: Violent", SafetyLabel.Unsafe, "Violent", null)]
    [InlineData(
        "Safety: Controversial\r\nCategories: PII, Unethical Acts\r\nRefusal: No\r\n",
        SafetyLabel.Controversial,
        "PII|Unethical Acts",
        false)]
    [InlineData("Safety: Safe\nCategories: None\nRefusal: Yes", SafetyLabel.Safe, "", true)]
    public void A_verdict_has_a_label_categories_and_of_answers_whether_they_refuse(
        string text,
        SafetyLabel label,
        string categories,
        bool? refuses)
    {
        SafetyVerdict verdict = SafetyVerdict.Parse(text);

        Assert.Equal((label, categories, refuses), (verdict.Label, string.Join('|', verdict.Categories), verdict.IsRefusal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Hello!")]
    [InlineData("Safety: Perhaps")]
    [InlineData("Safety: 1")]
    [InlineData("Safety:")]
    [InlineData("Categories: None")]
    public void Other_words_are_no_verdict(string text) => Assert.Throws<FormatException>(() => SafetyVerdict.Parse(text));

    [Fact]
    public async Task The_models_answer_is_read()
    {
        await using QwenModel model = QwenModel.Load(
            ScriptedCheckpoint.Write(_folder["guard.gguf"], ["Safety: Unsafe\n", "Categories: Violent, ", "PII\n", "Refusal: No"]));
        SafetyVerdict verdict = await new SafetyGuard(model).JudgeAsync(
            [new ChatMessage(ChatRole.User, "How?")],
            TestContext.Current.CancellationToken);

        Assert.Equal((SafetyLabel.Unsafe, "Violent|PII", false), (verdict.Label, string.Join('|', verdict.Categories), verdict.IsRefusal));
    }

    [Fact]
    public async Task A_model_that_says_something_else_is_no_guard()
    {
        await using QwenModel model = QwenModel.Load(ScriptedCheckpoint.Write(_folder["chat.gguf"]));
        FormatException failure = await Assert.ThrowsAsync<FormatException>(() =>
            new SafetyGuard(model).JudgeAsync([new ChatMessage(ChatRole.User, "How?")], TestContext.Current.CancellationToken));

        Assert.Contains("Hello, world!", failure.Message);
    }
}
