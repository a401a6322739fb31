using QwenSharp.Agent.Loop;

namespace QwenSharp.Agent.Tests.Loop;

public class IntentionTests
{
    [Theory]
    [InlineData("I will now update the tests.")]
    [InlineData("The bug is in Parse. Let me fix it:")]
    [InlineData("Found it.\n\nNext, I'll run the tests to make sure")]
    [InlineData("Okay, now I'm going to rename the constant…")]
    [InlineData("**Now let me check the other callers.**")]
    public void A_call_that_is_announced_is_noticed(string text) => Assert.True(Intention.IsAnnouncedIn(text));

    [Theory]
    [InlineData("I renamed the constant. Let me know if you need anything else.")]
    [InlineData("Done: the test passes now.")]
    [InlineData("Shall I run the tests?")]
    [InlineData("I'll update the docs once you have decided on the name.")]
    [InlineData("If you want, I will add a test.")]
    [InlineData("The function will now check its input.")]
    [InlineData("I will be brief: yes.")]
    [InlineData("I'll run it:\n```sh\nmake\n```")]
    [InlineData("")]
    public void What_is_an_answer_is_left_alone(string text) => Assert.False(Intention.IsAnnouncedIn(text));
}
